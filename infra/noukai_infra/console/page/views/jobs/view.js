/** The list of jobs, newest first and live. */

import { html, useEffect, useMemo, useState } from "../../core/dom.js";
import { wordsOf } from "../../core/api.js";
import { usePolling } from "../../core/polling.js";
import { go, route } from "../../core/router.js";
import { key } from "../../core/session.js";
import { counted } from "../../core/text.js";
import { Empty, Problem } from "../../parts/basics.js";
import { isTyping } from "../../parts/keys.js";
import { Rows } from "../../parts/rows.js";
import { Bulk } from "./bulk.js";
import { Filters, filterOf } from "./filters.js";
import { FirstJob } from "./first_job.js";
import { Head, Row } from "./row.js";
import { Looked, useSearch } from "./search.js";
import { hasMetadata, JobList } from "./store.js";

const WIDE = matchMedia("(min-width: 60rem)");

function useRowHeight() {
  const [isWide, setWide] = useState(WIDE.matches);
  useEffect(() => {
    const changed = () => setWide(WIDE.matches);
    WIDE.addEventListener("change", changed);
    return () => WIDE.removeEventListener("change", changed);
  }, []);
  return isWide ? 34 : 62;
}

/** The selection of ids; those that are not shown any more do not count. */
function useSelection(jobs) {
  const [chosen, choose] = useState(/** @type {Set<string>} */ (new Set()));
  const shown = new Set(jobs.map((job) => job.id));
  const selected = new Set([...chosen].filter((id) => shown.has(id)));
  const toggle = (id) => choose((old) => {
    const next = new Set(old);
    if (!next.delete(id)) next.add(id);
    return next;
  });
  // A newer selection is not cleared by an older act.
  const drop = (/** @type {string[]} */ ids) => choose((old) => {
    const next = new Set(old);
    ids.forEach((id) => next.delete(id));
    return next;
  });
  return { selected, toggle, drop, clear: () => choose(new Set()), all: () => choose(shown) };
}

/** The list of the last filter, for the way back from a job. */
let kept = { identity: "", list: new JobList({}) };

/** @param {string} identity @param {Record<string, string>} filter */
function keptList(identity, filter) {
  const whole = `${key.value} ${identity}`;
  if (kept.identity !== whole) kept = { identity: whole, list: new JobList(filter) };
  return kept.list;
}

export function Jobs() {
  const { query } = route.value;
  const filter = filterOf(query);
  const identity = JSON.stringify(filter);
  const list = useMemo(() => keptList(identity, filter), [identity, key.value]);
  const [error, setError] = useState("");
  usePolling(async (signal) => {
    try {
      const pause = await list.refresh(signal);
      setError("");
      return pause;
    } catch (/** @type {any} */ raised) {
      if (!signal.aborted && !raised.passes) setError(wordsOf(raised));
      throw raised;
    }
  }, [list]);
  const metadata = query.get("metadata") ?? "";
  const jobs = metadata ? list.jobs.value.filter((job) => hasMetadata(job, metadata)) : list.jobs.value;
  const isFiltered = Boolean(metadata || Object.values(filter).some(Boolean));
  return html`<div class="jobs">
    ${(!list.isLoaded.value || jobs.length > 0) && html`<h1 class="hidden">Jobs</h1>`}
    <${Filters} filter=${filter} metadata=${metadata} />
    <${Problem} error=${error} />
    <${Grid} key=${identity} list=${list} jobs=${jobs} isFiltered=${isFiltered} metadata=${metadata} />
  </div>`;
}

function Grid({ list, jobs, isFiltered, metadata }) {
  const [current, setCurrent] = useState(list.place.focused);
  list.place.focused = current;
  const search = useSearch(list, metadata);
  const { selected, toggle, drop, clear, all } = useSelection(jobs);
  list.isHeld = selected.size > 0;
  list.shown = jobs;
  const height = useRowHeight();
  const index = Math.max(0, jobs.findIndex((job) => job.id === current));
  const move = (to) => {
    const job = jobs[Math.max(0, Math.min(jobs.length - 1, to))];
    if (!job) return;
    setCurrent(job.id);
    scrollTo(jobs.indexOf(job), height);
    requestAnimationFrame(() => rowOf(job.id)?.focus({ preventScroll: true }));
  };
  const pressed = (event) => keyed(event, { index, jobs, move, toggle, clear });
  useEffect(() => {
    if (current && document.activeElement === document.body) rowOf(current)?.focus({ preventScroll: true });
  }, []);
  useEffect(() => {
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  });
  if (!list.isLoaded.value) return html`<p class="quiet loading" role="status">Loading jobs …</p>`;
  if (!jobs.length) return isFiltered ? html`<${NoMatch} list=${list} search=${search} />` : html`<${FirstJob} />`;
  const draw = (job, at) => html`<${Row} key=${job.id} job=${job} index=${at} isSelected=${selected.has(job.id)}
    isCurrent=${job.id === current || (at === 0 && index === 0)} toggle=${() => toggle(job.id)}
    open=${() => go(["jobs", job.id])} focus=${() => setCurrent(job.id)} />`;
  // A search loads by itself: few matches would otherwise always show the end of the list.
  const ended = () => metadata || list.more().catch(() => {});
  const seen = (first, last) => {
    list.seen = { first, last };
    list.isAtTop = first < 2;
  };
  return html`<div class="above">
      ${selected.size ? html`<${Bulk} list=${list} selected=${selected} clear=${clear} drop=${drop} />` : html`<${Summary} list=${list} jobs=${jobs} all=${all} metadata=${metadata} search=${search} />`}
    </div>
    <div class="grid" role="grid" onPointerMove=${() => (list.touchedAt = Date.now())} aria-label="Jobs, newest first" aria-rowcount=${list.isComplete.value ? jobs.length + 1 : -1} aria-multiselectable="true">
      <div role="rowgroup"><${Head} /></div>
      <${Rows} items=${jobs} height=${height} draw=${draw} label="Jobs" onSeen=${seen} place=${list.place} onEnd=${ended} />
    </div>`;
}

function Summary({ list, jobs, all, metadata, search }) {
  const fresh = list.fresh.value.length;
  const show = () => {
    list.showFresh();
    document.querySelector(".grid .rows")?.scrollTo({ top: 0 });
  };
  return html`<p class="quiet">
    ${metadata
      ? html`${counted(jobs.length, "job")} found. <${Looked} list=${list} search=${search} />`
      : `${counted(jobs.length, "job")} loaded${list.isComplete.value ? ", all there are" : ", older ones follow as you scroll"}.`}
    <button type="button" class="plain" onClick=${all}>Select ${jobs.length}</button>
    ${fresh > 0 && html`<button type="button" class="fresh" onClick=${show}>${counted(fresh, "new job")}${list.gap === undefined ? "" : " and more"} ↑</button>`}
  </p>`;
}

function NoMatch({ list, search }) {
  return html`<${Empty} title=${search.isLooking ? "Looking further back …" : "No job matches"}>
    <p><${Looked} list=${list} search=${search} /></p>
    <p>No job ${list.isComplete.value ? "of this deployment" : "so far"} is left by these filters. <a href="#/jobs">Show all jobs</a></p><//>`;
}

/** @param {string} id */
function rowOf(id) {
  return /** @type {HTMLElement | null} */ (document.querySelector(`[data-id="${CSS.escape(id)}"]`));
}

/** @param {number} index @param {number} height */
function scrollTo(index, height) {
  const rows = document.querySelector(".grid .rows");
  if (!rows) return;
  if (index * height < rows.scrollTop) rows.scrollTop = index * height;
  const below = (index + 1) * height - rows.clientHeight;
  if (below > rows.scrollTop) rows.scrollTop = below;
}

/** @param {KeyboardEvent} event @param {any} grid */
function keyed(event, { index, jobs, move, toggle, clear }) {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event) || document.querySelector("dialog[open]")) return;
  const onRow = event.target instanceof HTMLElement && event.target.dataset.id;
  const page = 15;
  const steps = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: page, PageUp: -page };
  if (event.key in steps && jobs.length) move(onRow ? index + steps[event.key] : index);
  else if (onRow && (event.key === "Home" || event.key === "End")) move(event.key === "Home" ? 0 : jobs.length - 1);
  else if (onRow && event.key === "Enter") go(["jobs", onRow]);
  else if (onRow && (event.key === "x" || event.key === " ")) toggle(onRow);
  else if (event.key === "Escape") clear();
  else return;
  event.preventDefault();
}

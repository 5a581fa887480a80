/** What is done with many selected jobs: only with those that were confirmed, as they were confirmed. */

import { html } from "../../core/dom.js";
import { call, wordsOf } from "../../core/api.js";
import { notify } from "../../core/notices.js";
import { route } from "../../core/router.js";
import { counted } from "../../core/text.js";
import { may } from "../../core/session.js";
import { ask } from "../../parts/dialog.js";
import { isOver } from "./store.js";

const AT_ONCE = 4;
const NAMED = 10;

/** @param {{state: string}} job */
const isOpen = (job) => !isOver(job);

/** @param {{state: string}} job */
const canRetry = (job) => job.state === "failed" || job.state === "cancelled";

/**
 * Return why it failed, by id. A request that came too soon is repeated when the API allows it.
 *
 * @param {string[]} ids @param {(id: string) => Promise<unknown>} act
 */
async function forEach(ids, act) {
  const problems = new Map();
  const waiting = [...ids];
  const work = async () => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      try {
        await act(id);
      } catch (/** @type {any} */ raised) {
        if (raised.status === 429) {
          waiting.push(id);
          await new Promise((resolve) => setTimeout(resolve, raised.wait || 1000));
        } else problems.set(id, wordsOf(raised));
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return problems;
}

/** The filter in words. @param {Record<string, string>} filter */
function scopeOf(filter) {
  const given = Object.entries(filter).filter(([, value]) => value);
  return given.length ? `Filter: ${given.map(([name, value]) => `${name} ${value}`).join(", ")}.` : "Filter: none.";
}

/**
 * Ask, then act on exactly these jobs: none, if one of them or the filter has changed since.
 *
 * @param {{list: any, ids: string[], isEligible: (job: any) => boolean, drop: (ids: string[]) => void, verb: string,
 *   past: string, text: string, isGrave?: boolean, act: (id: string) => Promise<unknown>}} properties
 */
function confirm({ list, ids, isEligible, drop, verb, past, text, isGrave, act }) {
  const address = location.hash;
  const count = counted(ids.length, "job");
  const filter = { ...list.filter, metadata: route.value.query.get("metadata") ?? "" };
  ask({
    title: `${verb} ${count}?`,
    text: `${text} ${scopeOf(filter)}`,
    verb: `${verb} ${count}`,
    isGrave,
    act: async () => {
      const current = await list.current(ids);
      const changed = ids.filter((id) => !current.has(id) || !isEligible(current.get(id)));
      if (changed.length) throw new Error(`Nothing was done: ${counted(changed.length, "job")} changed since you were asked. ${named(changed)}`);
      if (location.hash !== address) throw new Error("Nothing was done: the filter changed since you were asked.");
      const problems = await forEach(ids, act);
      const done = ids.filter((id) => !problems.has(id));
      drop(done);
      if (done.length) notify(`${counted(done.length, "job")} ${past}.`);
      if (!problems.size) return "";
      const lines = [...problems].map(([id, words]) => `${id}: ${words}`);
      return `${counted(problems.size, "job")} not ${past}; still selected:\n${lines.join("\n")}`;
    },
  });
}

/** @param {string[]} ids */
function named(ids) {
  return `${ids.slice(0, NAMED).join(", ")}${ids.length > NAMED ? " …" : ""}`;
}

/** @param {{list: any, selected: Set<string>, clear: () => void, drop: (ids: string[]) => void}} properties */
export function Bulk({ list, selected, clear, drop }) {
  const jobs = list.jobs.value.filter((job) => selected.has(job.id));
  const open = jobs.filter(isOpen).map((job) => job.id);
  const ended = jobs.filter(canRetry).map((job) => job.id);
  const cancel = () => confirm({
    list, ids: open, isEligible: isOpen, drop, verb: "Cancel", past: "cancelled", isGrave: true,
    text: "Their flows are asked to stop. Ended jobs stay as they are.",
    act: async (id) => {
      const { data } = await call("POST", `/jobs/${id}/cancel`);
      list.replace(new Map([[id, data]]));
      if (data.state !== "cancelled") throw new Error(`It had ended before: it is ${data.state}.`);
    },
  });
  const retry = () => confirm({
    list, ids: ended, isEligible: canRetry, drop, verb: "Retry", past: "submitted again",
    text: "Each one's input is submitted again as a new job. Retrying a job twice makes one.",
    act: (id) => call("POST", `/jobs/${id}/retry`),
  });
  return html`<div class="bulk" role="toolbar" aria-label="Selected jobs">
    <b>${counted(jobs.length, "job")} selected</b>
    ${may("cancel") && html`<button type="button" disabled=${!open.length} onClick=${cancel}
      title=${open.length ? "" : "None of them waits or runs"}>Cancel ${open.length}</button>`}
    ${may("submit", "read") && html`<button type="button" disabled=${!ended.length} onClick=${retry}
      title=${ended.length ? "" : "None of them has failed or was cancelled"}>Retry ${ended.length}</button>`}
    <button type="button" class="plain" onClick=${clear}>Clear</button>
  </div>`;
}

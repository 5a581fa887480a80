/** The log: its history first, then each line as it is written. */

import { html, useEffect, useMemo, useRef, useState } from "../../core/dom.js";
import { call } from "../../core/api.js";
import { copy } from "../../core/notices.js";
import { usePolling } from "../../core/polling.js";
import { clockTime } from "../../core/time.js";
import { counted, lastFrame, visible } from "../../core/text.js";
import { Section } from "../../parts/basics.js";
import { Rows } from "../../parts/rows.js";
import { Line } from "./line.js";

const LEVELS = ["debug", "info", "warning", "error", "critical"];
const PAGE = 500;
const HOLD_SECONDS = 20;
// A flow that writes without a pause must not make the page ask without one.
const LEAST_PAUSE = 300;
const ROW = 20;
const MOST_IN_A_ROW = 2000;

/** The lines so far. Each page begins where the last one ended, so that no line comes twice. */
function useLines(id) {
  const [log, setLog] = useState({ lines: /** @type {any[]} */ ([]), isDone: false, dropped: 0, isAsked: false });
  const after = useRef(/** @type {string | undefined} */ (undefined));
  usePolling(async (signal) => {
    const query = { after: after.current, limit: PAGE, seconds: after.current ? HOLD_SECONDS : 0 };
    const { data, wait } = await call("GET", `/jobs/${id}/logs`, { query, signal });
    after.current = data.after;
    setLog((old) => ({
      lines: data.lines.length ? [...old.lines, ...data.lines] : old.lines,
      isDone: data.done,
      dropped: old.dropped + (data.dropped ?? 0),
      isAsked: true,
    }));
    return data.done ? null : Math.max(wait, LEAST_PAUSE);
  }, [id]);
  return log;
}

/** Rows of one height: a message of several lines has several. */
function rowsOf(lines) {
  return lines.flatMap((line, number) =>
    lastFrameOf(line.message).map((text, part) => ({ line, number, part, text: text.slice(0, MOST_IN_A_ROW) })),
  );
}

/** @param {string} message */
function lastFrameOf(message) {
  return message.split("\n").map(lastFrame);
}

/** @param {any} line @param {string} least @param {string} found @param {string} attempt */
function isWanted(line, least, found, attempt) {
  if (attempt && String(line.attempt) !== attempt) return false;
  if (LEVELS.indexOf(line.level) < LEVELS.indexOf(least)) return false;
  return !found || line.message.toLowerCase().includes(found.toLowerCase());
}

export function Log({ id, attempts }) {
  const { lines, isDone, dropped, isAsked } = useLines(id);
  const [level, setLevel] = useState("debug");
  const [found, setFound] = useState("");
  const [attempt, setAttempt] = useState("");
  const [follows, setFollows] = useState(true);
  const [open, setOpen] = useState(/** @type {any} */ (null));
  const wanted = useMemo(() => lines.filter((line) => isWanted(line, level, found, attempt)), [lines, level, found, attempt]);
  const rows = useMemo(() => rowsOf(wanted), [wanted]);
  useEffect(() => setOpen(null), [level, found, attempt]);
  const text = () => wanted.map((line) => `${line.at} ${line.level} ${line.message}`).join("\n");
  const aside = html`<span class="quiet" role="status">${isDone ? counted(lines.length, "line") : html`<span class="live">live</span> ${counted(lines.length, "line")}`}</span>`;
  return html`<${Section} title="Log" class="log" aside=${aside}>
    <div class="tools">
      <input type="search" data-find aria-label="Search the log" placeholder="Search" value=${found} onInput=${(event) => setFound(event.currentTarget.value)} />
      <select aria-label="Least level" value=${level} onChange=${(event) => setLevel(event.currentTarget.value)}>
        ${LEVELS.map((each) => html`<option key=${each} value=${each}>${each === "debug" ? "all levels" : `${each} and above`}</option>`)}</select>
      ${attempts > 1 && html`<select aria-label="Attempt" value=${attempt} onChange=${(event) => setAttempt(event.currentTarget.value)}>
        <option value="">all attempts</option>
        ${Array.from({ length: attempts }, (_, index) => html`<option key=${index} value=${String(index + 1)}>attempt ${index + 1}</option>`)}</select>`}
      <label class="check"><input type="checkbox" checked=${follows} onChange=${(event) => setFollows(event.currentTarget.checked)} />Follow</label>
      <button type="button" class="plain" onClick=${() => copy(text(), counted(wanted.length, "line"))}>Copy</button>
    </div>
    ${dropped > 0 && html`<p class="problem">${counted(dropped, "line")} beyond the bounds of an attempt are missing.</p>`}
    ${rows.length
      ? html`<${Rows} items=${rows} height=${ROW} role="log" label="Log lines" follows=${follows} onScrolledBack=${() => setFollows(false)}
          draw=${(row, index) => html`<${LogRow} key=${index} row=${row} show=${() => setOpen(row.line)} />`} />`
      : html`<p class="quiet rows">${lines.length ? "No line is left by these filters." : isAsked ? (isDone ? "The flow wrote nothing." : "Nothing written yet.") : "Loading …"}</p>`}
    ${open && html`<${Line} line=${open} close=${() => setOpen(null)} />`}
  <//>`;
}

function LogRow({ row, show }) {
  const { line, part, text } = row;
  return html`<div class=${`log-row ${line.level}`} onClick=${show}>
    <span class="quiet log-time" title=${line.at}>${part ? "" : clockTime(line.at)}</span>
    <span class="log-level">${part ? "" : line.level === "info" ? "" : line.level}</span>
    <bdi dir="auto" class="log-text">${visible(text)}</bdi>
  </div>`;
}

/** The timeline as a picture: waiting, attempts and the pauses between them. The list below says the same. */

import { html } from "../../core/dom.js";
import { duration, now, relative } from "../../core/time.js";
import { Section, Text, Time } from "../../parts/basics.js";
import { isOver } from "../jobs/store.js";

const ENDS = new Set(["completed", "failed", "cancelled"]);
const LEAST_MS = 1;

/** @typedef {{kind: string, from: number, to: number, label: string}} Span */

/** @param {import("#api").Job} job @param {import("#api").Event[]} events @param {number} until @returns {Span[]} */
export function spansOf(job, events, until) {
  const spans = [];
  let kind = "waiting";
  let label = "waited";
  let from = Date.parse(job.createdAt);
  const close = (at, ending) => {
    if (kind) spans.push({ kind: ending ?? kind, from, to: Math.max(from, at), label });
    from = Math.max(from, at);
  };
  for (const event of events) {
    const at = Date.parse(event.at);
    if (event.type === "started") {
      close(at);
      [kind, label] = ["running", `attempt ${event.attempt}`];
    } else if (event.type === "retried") {
      close(at, "failed");
      [kind, label] = ["pause", "paused"];
    } else if (ENDS.has(event.type)) {
      close(at, kind === "running" ? event.type : undefined);
      kind = "";
    }
  }
  if (kind) close(until);
  return spans;
}

function Bar({ span, start, whole }) {
  const share = (ms) => `${(100 * Math.max(0, ms)) / whole}%`;
  const length = Math.max(0, span.to - span.from);
  const style = { insetInlineStart: share(span.from - start), inlineSize: `max(3px, ${share(length)})` };
  return html`<span class=${`span ${span.kind}`} style=${style} title=${`${span.label}: ${duration(length)}`}>
    <span class="span-label">${span.label} · ${duration(length)}</span>
  </span>`;
}

export function Timeline({ job, events }) {
  const until = isOver(job) ? Date.parse(job.completedAt ?? job.createdAt) : now.value;
  const spans = spansOf(job, events, until);
  const start = Date.parse(job.createdAt);
  const whole = Math.max(LEAST_MS, ...spans.map((span) => span.to - start));
  return html`<${Section} title="Timeline" class="timeline" aside=${html`<span class="quiet">${duration(whole)} in all</span>`}>
    <div class="track" aria-hidden="true">${spans.map((span, index) => html`<${Bar} key=${index} span=${span} start=${start} whole=${whole} />`)}</div>
    <div class="scale quiet" aria-hidden="true"><span>0</span><span>${duration(whole / 2)}</span><span>${duration(whole)}</span></div>
    <ol class="events">${events.map((event, index) => html`<li key=${index}>
      <span class=${`dot ${event.type}`} aria-hidden="true"></span>
      <b>${event.type}</b>${event.attempt ? html` <span class="quiet">attempt ${event.attempt}</span>` : ""}
      <span class="quiet"> <${Time} at=${event.at} /> · ${index ? `+${duration(Date.parse(event.at) - start)}` : relative(event.at)}</span>
      ${event.message && html`<${Text} class="event-text clip">${event.message}<//>`}
    </li>`)}</ol>
  <//>`;
}

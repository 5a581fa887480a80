/** The small parts of every view. */

import { html } from "../core/dom.js";
import { copy } from "../core/notices.js";
import { bothTimes, localTime, relative } from "../core/time.js";
import { visible } from "../core/text.js";

/** A text of a job: isolated, so that its direction changes nothing around it. */
export function Text({ children, class: name = "" }) {
  return html`<bdi class=${name} dir="auto">${visible(String(children ?? ""))}</bdi>`;
}

const SHAPES = {
  pending: "M8 3a5 5 0 1 0 0 10A5 5 0 0 0 8 3z",
  running: "M5 3.5 12.5 8 5 12.5z",
  completed: "M3 8.5 6.5 12 13 4.5",
  failed: "M4 4l8 8M12 4l-8 8",
  cancelled: "M3.5 8h9",
};

/** A state as a word with a shape: colour alone tells nobody. */
export function State({ state }) {
  return html`<span class=${`state ${state}`}>
    <svg viewBox="0 0 16 16" aria-hidden="true"><path d=${SHAPES[state] ?? SHAPES.pending} /></svg>${state}
  </span>`;
}

/** A time in the reader's zone; with UTC on hover. */
export function Time({ at, isRelative = false }) {
  if (!at) return html`<span class="quiet">–</span>`;
  return html`<time datetime=${at} title=${bothTimes(at)}>${isRelative ? relative(at) : localTime(at)}</time>`;
}

/** A button that copies a value as a whole. */
export function Copy({ text, what, label = "Copy" }) {
  const act = (event) => {
    event.stopPropagation();
    copy(text, what);
  };
  return html`<button type="button" class="copy" aria-label=${`Copy ${what}`} title=${`Copy ${what}`} onClick=${act}>
    <svg viewBox="0 0 16 16" aria-hidden="true"><path d="M5.5 5.5h7v8h-7z M3.5 10.5v-8h7" /></svg>
    <span>${label}</span>
  </button>`;
}

export function Empty({ title, children }) {
  return html`<div class="empty"><h1>${title}</h1>${children}</div>`;
}

/** Code to copy. */
export function Code({ text, what }) {
  return html`<div class="code">
    <pre tabindex="0" aria-label=${what}>${text}</pre>
    <${Copy} text=${text} what=${what} />
  </div>`;
}

/** A section with a heading. */
export function Section({ title, aside, children, class: name = "" }) {
  return html`<section class=${`card ${name}`} aria-label=${title}>
    <header class="head"><h2>${title}</h2><div class="aside">${aside}</div></header>
    ${children}
  </section>`;
}

export function Progress({ progress }) {
  if (!progress) return null;
  const { percent, message } = progress;
  const isKnown = typeof percent === "number";
  return html`<span class="progress">
    ${isKnown && html`<progress max="100" value=${percent} aria-label="Progress">${percent} %</progress>
      <span class="figure">${Math.round(percent)} %</span>`}
    ${message !== undefined && html`<${Text} class="quiet clip">${message}<//>`}
  </span>`;
}

export function Problem({ error }) {
  return error ? html`<p class="problem" role="alert">${error}</p>` : null;
}

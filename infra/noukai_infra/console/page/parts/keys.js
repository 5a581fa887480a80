/** The keys of the console, and the sheet that lists them. */

import { html, signal, useEffect } from "../core/dom.js";
import { go } from "../core/router.js";
import { Dialog } from "./dialog.js";

export const isSheetOpen = signal(false);

const PLACES = { j: "jobs", f: "flows", u: "usage", s: "schedules", w: "webhooks", h: "health" };

const SHEET = [
  ["g then j, f, s, w, u, h", "Go to jobs, flows, schedules, webhooks, usage, health"],
  ["/", "Filter the list, or search the log"],
  ["↓ ↑ or j k", "Next and previous job"],
  ["Enter", "Open the job"],
  ["x", "Select the job"],
  ["Escape", "Back to the list; clear the selection"],
  ["?", "This sheet"],
];

let isGoing = false;

/** Keys belong to what is typed in first. @param {Event} event */
export function isTyping(event) {
  const { target } = event;
  return target instanceof HTMLElement && (target.matches("input, select, textarea") || target.isContentEditable);
}

/** @param {KeyboardEvent} event */
function handle(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event) || document.querySelector("dialog[open]")) return;
  const place = isGoing ? PLACES[event.key] : undefined;
  isGoing = event.key === "g";
  if (place) go([place]);
  else if (event.key === "?") isSheetOpen.value = true;
  else if (event.key === "/") {
    const field = document.querySelector("[data-find]");
    if (!(field instanceof HTMLElement)) return;
    field.focus();
  } else return;
  event.preventDefault();
}

export function Keys() {
  useEffect(() => {
    addEventListener("keydown", handle);
    return () => removeEventListener("keydown", handle);
  }, []);
  const close = () => {
    isSheetOpen.value = false;
  };
  return isSheetOpen.value && html`<${Dialog} title="Keys" onClose=${close}>
    <dl class="sheet">${SHEET.map(([keys, what]) => html`<dt><kbd>${keys}</kbd></dt><dd>${what}</dd>`)}</dl>
  <//>`;
}

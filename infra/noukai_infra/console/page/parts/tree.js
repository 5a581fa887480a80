/** A JSON value as a tree that opens by need; every leaf is text. */

import { html, useState } from "../core/dom.js";
import { isRaw, writeExact } from "../core/exact_json.js";
import { save } from "../core/notices.js";
import { size, visible } from "../core/text.js";
import { Copy } from "./basics.js";

const SHOWN_CHILDREN = 100;
const SHOWN_CHARACTERS = 600;
const OPEN_UP_TO = 12;

/** @param {{value: any, name: string, bytes?: number}} properties */
export function Value({ value, name }) {
  const text = writeExact(value, 2);
  const download = () => save(`${name}.json`, new Blob([text], { type: "application/json" }));
  const raw = bytesOf(value);
  const isText = typeof value === "string";
  return html`<div class="value">
    <div class="tools">
      <span class="quiet">${size(new Blob([text]).size)}</span>
      <${Copy} text=${isText ? value : text} what=${name} />
      <button type="button" class="plain" onClick=${download}>Download</button>
      ${raw && html`<button type="button" class="plain" onClick=${() => save(name, new Blob([raw]))}>
        Download ${size(raw.length)} as bytes</button>`}
    </div>
    <div class="tree" tabindex="0" role="group" aria-label=${name}><${Node} value=${value} depth=${0} /></div>
  </div>`;
}

/** Bytes travel as base64. @param {any} value */
function bytesOf(value) {
  if (typeof value !== "string" || value.length < 64 || value.length % 4 || !/^[A-Za-z0-9+/]+={0,2}$/.test(value)) {
    return null;
  }
  return Uint8Array.from(atob(value), (each) => each.charCodeAt(0));
}

function Node({ value, name, depth }) {
  const isBranch = value !== null && typeof value === "object" && !isRaw(value);
  const label = name === undefined ? null : html`<span class="name">${visible(String(name))}</span>`;
  if (!isBranch) return html`<div class="leaf">${label}<${Leaf} value=${value} /></div>`;
  const entries = Object.entries(value);
  const sign = Array.isArray(value) ? `[${entries.length}]` : `{${entries.length}}`;
  if (entries.length === 0) return html`<div class="leaf">${label}<span class="quiet">${sign}</span></div>`;
  return html`<${Branch} label=${label} sign=${sign} entries=${entries} depth=${depth} />`;
}

function Branch({ label, sign, entries, depth }) {
  const [isOpen, setOpen] = useState(depth === 0 || (depth < 3 && entries.length <= OPEN_UP_TO));
  const [shown, setShown] = useState(SHOWN_CHILDREN);
  return html`<details class="branch" open=${isOpen} onToggle=${(event) => setOpen(event.currentTarget.open)}>
    <summary>${label}<span class="quiet">${sign}</span></summary>
    ${isOpen && html`<div class="children">
      ${entries.slice(0, shown).map(
        ([name, value]) => html`<${Node} key=${name} name=${name} value=${value} depth=${depth + 1} />`,
      )}
      ${entries.length > shown && html`<button type="button" class="plain" onClick=${() => setShown(shown * 4)}>
        Show more of ${entries.length.toLocaleString()}</button>`}
    </div>`}
  </details>`;
}

function Leaf({ value }) {
  const [isWhole, setWhole] = useState(false);
  if (typeof value !== "string") {
    const text = isRaw(value) ? value.rawJSON : String(value);
    return html`<span class=${value === null ? "quiet" : "literal"}>${text}</span>`;
  }
  const isLong = value.length > SHOWN_CHARACTERS;
  const text = isLong && !isWhole ? value.slice(0, SHOWN_CHARACTERS) : value;
  return html`<bdi class="string" dir="auto">${visible(text)}</bdi>
    ${isLong && html`<button type="button" class="plain" onClick=${() => setWhole(!isWhole)}>
      ${isWhole ? "Show less" : `Show all ${value.length.toLocaleString()} characters`}</button>`}`;
}

/** The fields of a form, by the kind of value. */

import { html, useId, useState } from "../../core/dom.js";
import { isRaw, numberAsTyped, parseExact, writeExact } from "../../core/exact_json.js";
import { size } from "../../core/text.js";
import { localField } from "../../core/time.js";
import { choicesOf, Unfinished } from "./schema.js";

const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;
const LONG_TEXT = 200;

/** @typedef {{id: string, described: string | undefined, schema: any, value: any, change: (value: any) => void, isRequired: boolean, isWrong: boolean}} FieldProperties */

/** @param {FieldProperties} p */
function common({ id, described, isRequired, isWrong }) {
  return { id, "aria-describedby": described, "aria-required": isRequired, "aria-invalid": isWrong };
}

/** An empty optional text is left out. @param {FieldProperties} p */
export function TextField(p) {
  const { schema, value, change, isRequired } = p;
  const typed = (event) => change(event.currentTarget.value === "" && !isRequired ? undefined : event.currentTarget.value);
  const isShort = schema.maxLength <= LONG_TEXT || schema.format;
  const load = async (event) => {
    const [file] = event.currentTarget.files;
    if (file) change(await file.text());
  };
  const attributes = common(p);
  if (isShort) return html`<input ...${attributes} type="text" value=${value ?? ""} placeholder=${schema.format ?? ""} onInput=${typed} />`;
  return html`<textarea ...${attributes} rows="3" dir="auto" value=${value ?? ""} onInput=${typed}></textarea>
    <label class="file quiet">or from a file <input type="file" aria-label="Text from a file" onChange=${load} /></label>`;
}

/** The number is sent as it is typed: a double could not hold it. @param {FieldProperties} p */
export function NumberField(p) {
  const { value, change } = p;
  const shown = value instanceof Unfinished ? value.text : isRaw(value) ? value.rawJSON : (value ?? "");
  const typed = (event) => {
    const text = event.currentTarget.value.trim();
    change(text === "" ? undefined : NUMBER.test(text) ? asNumber(text) : new Unfinished(text, "must be a number"));
  };
  return html`<input ...${common(p)} type="text" inputmode="decimal" class="short" value=${shown} onInput=${typed} />`;
}

/** @param {string} text */
function asNumber(text) {
  return String(Number(text)) === text ? Number(text) : numberAsTyped(text);
}

/** @param {FieldProperties} p */
export function ChoiceField(p) {
  const { schema, value, change, isRequired } = p;
  const choices = choicesOf(schema);
  const index = choices.indexOf(value);
  const chosen = (event) => change(event.currentTarget.value === "" ? undefined : choices[Number(event.currentTarget.value)]);
  return html`<select ...${common(p)} value=${index < 0 ? "" : String(index)} onChange=${chosen}>
    <option value="">${isRequired ? "Choose …" : "not given"}</option>
    ${choices.map((each, at) => html`<option key=${at} value=${String(at)}>${typeof each === "string" ? each : writeExact(each)}</option>`)}
  </select>`;
}

/** @param {FieldProperties} p */
export function FlagField(p) {
  const { value, change, isRequired } = p;
  if (isRequired || value !== undefined) {
    return html`<span class="check"><input ...${common(p)} type="checkbox" checked=${value === true} onChange=${(event) => change(event.currentTarget.checked)} /></span>`;
  }
  return html`<button ...${{ id: p.id }} type="button" class="plain" onClick=${() => change(true)}>not given: set it</button>`;
}

/** @param {FieldProperties} p */
export function InstantField(p) {
  const { value, change } = p;
  const typed = (event) => change(event.currentTarget.value ? new Date(event.currentTarget.value).toISOString() : undefined);
  return html`<input ...${common(p)} type="datetime-local" step="1" value=${localField(value)} onInput=${typed} />`;
}

/** @param {FieldProperties} p */
export function BytesField(p) {
  const { value, change } = p;
  const load = async (event) => {
    const [file] = event.currentTarget.files;
    if (!file) return change(undefined);
    const bytes = new Uint8Array(await file.arrayBuffer());
    const parts = [];
    for (let at = 0; at < bytes.length; at += 0x8000) parts.push(String.fromCharCode(...bytes.subarray(at, at + 0x8000)));
    return change(btoa(parts.join("")));
  };
  return html`<input ...${common(p)} type="file" onChange=${load} />
    ${typeof value === "string" && html`<span class="quiet">${size(Math.floor(value.length * 0.75))}</span>`}`;
}

/** Any JSON, for what has no field of its own. @param {FieldProperties} p */
export function JsonField(p) {
  const { value, change } = p;
  const [text, setText] = useState(value === undefined ? "" : value instanceof Unfinished ? value.text : writeExact(value, 2));
  const hint = useId();
  const typed = (event) => {
    const { value: written } = event.currentTarget;
    setText(written);
    change(written.trim() === "" ? undefined : read(written));
  };
  return html`<textarea ...${common(p)} aria-describedby=${hint} class="mono" rows="3" spellcheck=${false} value=${text} onInput=${typed}></textarea>
    <span id=${hint} class="quiet">JSON, such as <code>{"a": 1}</code></span>`;
}

/** @param {string} text */
function read(text) {
  try {
    return parseExact(text);
  } catch {
    return new Unfinished(text, "must be JSON: put texts in double quotes");
  }
}

/** A form made from a JSON Schema. */

import { html, useId, useState } from "../../core/dom.js";
import { isRaw } from "../../core/exact_json.js";
import { visible } from "../../core/text.js";
import { Text } from "../../parts/basics.js";
import { BytesField, ChoiceField, FlagField, InstantField, JsonField, NumberField, TextField } from "./fields.js";
import { beginning, kindOf, resolved, variantsOf } from "./schema.js";

const FIELDS = { bytes: BytesField, choice: ChoiceField, flag: FlagField, instant: InstantField, json: JsonField, number: NumberField, text: TextField };

/** The fields of an object. `errors` has messages by the fields' paths. */
export function Fields({ schema, value, change, root, path = "", errors }) {
  const names = Object.keys(schema.properties ?? {});
  // Each change builds on the newest value, not on the one that was drawn.
  const put = (name) => (held) => change((old) => without({ ...old, [name]: typeof held === "function" ? held(old?.[name]) : held }));
  return html`${names.map((name) => html`<${Field} key=${name} name=${name} schema=${resolved(schema.properties[name], root)} root=${root}
    value=${value?.[name]} change=${put(name)} isRequired=${Boolean(schema.required?.includes(name))}
    path=${path ? `${path}.${name}` : name} errors=${errors} />`)}`;
}

/** @param {Record<string, any>} value */
function without(value) {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined));
}

/** @param {any} schema */
function hintOf(schema) {
  const bounds = [
    schema.minimum !== undefined && `from ${schema.minimum}`,
    schema.maximum !== undefined && `to ${schema.maximum}`,
    schema.default !== undefined && schema.default !== null && `default ${JSON.stringify(schema.default)}`,
  ].filter(Boolean);
  return bounds.join(", ");
}

function Field({ name, schema, root, value, change, isRequired, path, errors }) {
  const id = useId();
  const { variants, isNullable } = variantsOf(schema, root);
  const fitting = variants.findIndex((each) => fits(each, value));
  const [picked, pick] = useState(Math.max(0, fitting));
  const shown = variants[picked] ?? {};
  const kind = kindOf(shown);
  const error = errors.get(path);
  const hint = schema.description ?? shown.description;
  const about = [error && `${id}-error`, hint && `${id}-hint`].filter(Boolean).join(" ") || undefined;
  const properties = { id, described: about, schema: { ...shown, default: schema.default }, value, isRequired, isWrong: Boolean(error), root, path, errors,
    change: (held) => change(typeof held === "function" ? held(value) : held) };
  const isGroup = kind === "object" || kind === "list";
  const label = html`<span class="label-text">${visible(name)}${isRequired && html`<span class="needed" title="required"> *</span>`}</span>
    <span class="quiet bounds">${visible(hintOf({ ...shown, default: schema.default }))}</span>`;
  // An optional value is left out; one that must be given may have to be null.
  const offersNull = isNullable && (isRequired || (schema.default ?? null) !== null);
  const toNull = offersNull && html`<label class="check"><input type="checkbox" aria-label=${`No ${name}: null`} checked=${value === null}
    onChange=${(event) => change(event.currentTarget.checked ? null : undefined)} />null</label>`;
  const body = html`${toNull}
    ${variants.length > 1 && html`<select class="short" aria-label=${`Kind of ${name}`} value=${String(picked)} onChange=${(event) => { pick(Number(event.currentTarget.value)); change(undefined); }}>
      ${variants.map((each, index) => html`<option key=${index} value=${String(index)}>${each.title ?? each.type ?? `kind ${index + 1}`}</option>`)}</select>`}
    ${kind === "object" ? html`<${Group} ...${properties} change=${change} />` : kind === "list" ? html`<${List} ...${properties} change=${change} name=${name} />` : html`<${FIELDS[kind]} key=${picked} ...${properties} />`}
    ${hint && html`<span id=${`${id}-hint`} class="quiet hint"><${Text}>${hint}<//></span>`}
    ${error && html`<span id=${`${id}-error`} class="problem field-error">${visible(name)} ${error}</span>`}`;
  return isGroup
    ? html`<fieldset class="form-field"><legend>${label}</legend>${body}</fieldset>`
    : html`<div class="form-field"><label for=${id}>${label}</label>${body}</div>`;
}

/** @param {any} schema @param {any} value */
function fits(schema, value) {
  if (value === undefined || value === null) return false;
  const kind = kindOf(schema);
  if (isRaw(value)) return kind === "number";
  if (kind === "list") return Array.isArray(value);
  if (kind === "object") return typeof value === "object" && !Array.isArray(value);
  return kind === { string: "text", number: "number", boolean: "flag" }[typeof value];
}

/** An object that is left out until it is added. */
function Group({ schema, value, change, root, path, errors, isRequired }) {
  if (value === undefined && !isRequired) {
    return html`<button type="button" class="plain" onClick=${() => change(beginning(schema, root, true) ?? {})}>Add</button>`;
  }
  return html`<${Fields} schema=${schema} value=${value ?? {}} change=${change} root=${root} path=${path} errors=${errors} />
    ${!isRequired && html`<button type="button" class="plain" onClick=${() => change(undefined)}>Leave out</button>`}`;
}

function List({ schema, value, change, root, path, errors, name }) {
  const items = value ?? [];
  const item = resolved(schema.items, root);
  const put = (index) => (held) => change((old) => (old ?? []).map((each, at) => (at === index ? (typeof held === "function" ? held(each) : held) : each)));
  const remove = (index) => change((old) => old.filter((_, at) => at !== index));
  return html`<ol class="entries">${items.map((each, index) => html`<li key=${index}>
      <${Field} name=${`${name} ${index + 1}`} schema=${item} root=${root} value=${each} change=${put(index)} isRequired=${true} path=${`${path}.${index}`} errors=${errors} />
      <button type="button" class="plain" aria-label=${`Remove ${name} ${index + 1}`} onClick=${() => remove(index)}>Remove</button>
    </li>`)}</ol>
    <button type="button" class="plain" onClick=${() => change((old) => [...(old ?? []), beginning(item, root, true)])}>Add to ${visible(name)}</button>`;
}

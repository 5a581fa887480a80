/** The same submission as code. Secrets stay out: the key is read from the environment. */

import { html, useState } from "../../core/dom.js";
import { urlOf } from "../../core/api.js";
import { isRaw, writeExact } from "../../core/exact_json.js";
import { escaped } from "../../core/text.js";
import { Code, Section } from "../../parts/basics.js";
import { valuesOf } from "./input.js";

const BASE = urlOf("/").replace(/\/$/, "");

/** @param {any} value @returns {string} */
function python(value) {
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (isRaw(value)) return value.rawJSON;
  if (Array.isArray(value)) return `[${value.map(python).join(", ")}]`;
  if (typeof value === "object") return `{${Object.entries(value).map(([name, each]) => `${writeExact(name)}: ${python(each)}`).join(", ")}}`;
  return writeExact(value);
}

/** @param {Record<string, any>} given */
function bodyOf(given) {
  const { message, ...parameters } = given;
  return { ...(typeof message === "string" ? { message } : {}), ...(Object.keys(parameters).length ? { parameters } : {}) };
}

/** @param {string} flow @param {Record<string, any>} given */
export function pythonCall(flow, given) {
  const body = bodyOf(given);
  const lines = Object.entries(body).map(([name, value]) => `    ${name}=${python(value)},\n`).join("");
  return `from noukai import Noukai

client = Noukai(base_url=${writeExact(BASE)})  # the key: NOUKAI_API_KEY
job = client.flow(${writeExact(flow)}).job(${lines ? `\n${lines}` : ""})
print(job.wait().output)`;
}

/** @param {string} flow @param {Record<string, any>} given */
function typescriptCall(flow, given) {
  return `const response = await fetch(${writeExact(`${BASE}/seq/${flow}/jobs`)}, {
  method: "POST",
  headers: {
    Authorization: \`Bearer \${process.env.NOUKAI_API_KEY}\`,
    "Content-Type": "application/json",
    "Idempotency-Key": crypto.randomUUID(),
  },
  body: JSON.stringify(${writeExact(bodyOf(given), 2).replaceAll("\n", "\n  ")}),
});
const job: { id: string; state: string } = await response.json();`;
}

/** A quote ends the shell's text, and so is written apart from it. @param {string} text */
function quoted(text) {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** @param {string} flow @param {Record<string, any>} given */
function curlCall(flow, given) {
  return `curl ${quoted(`${BASE}/seq/${flow}/jobs`)} \\
  -H "Authorization: Bearer $NOUKAI_API_KEY" -H 'Content-Type: application/json' \\
  --data-raw ${quoted(writeExact(bodyOf(given)))}`;
}

const LANGUAGES = { Python: pythonCall, TypeScript: typescriptCall, curl: curlCall };

export function AsCode({ flow, input }) {
  const [language, setLanguage] = useState("Python");
  const tabs = html`<div class="tabs" role="group" aria-label="Language">
    ${Object.keys(LANGUAGES).map((each) => html`<button key=${each} type="button" aria-pressed=${each === language} onClick=${() => setLanguage(each)}>${each}</button>`)}
  </div>`;
  return html`<${Section} title="As code" aside=${tabs}>
    <${Code} text=${escaped(LANGUAGES[language](flow, valuesOf(input)))} what=${`The call in ${language}`} />
  <//>`;
}

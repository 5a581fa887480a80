/** The options of a submission. */

import { html } from "../../core/dom.js";

export const NO_OPTIONS = { delaySeconds: "", timeoutSeconds: "", maxAttempts: "", metadata: "" };

const LABELS = { delaySeconds: "Delay in seconds", timeoutSeconds: "Timeout in seconds", maxAttempts: "Attempts at most" };

/** Only what is given is sent: the rest is the flow's own. @param {typeof NO_OPTIONS} given */
export function optionsOf(given) {
  const numbers = Object.keys(LABELS).filter((name) => given[name].trim()).map((name) => [name, Number(given[name])]);
  const entries = given.metadata.split("\n").filter((line) => line.includes("=")).map((line) => line.split(/=(.*)/s).slice(0, 2));
  return { ...Object.fromEntries(numbers), ...(entries.length ? { metadata: Object.fromEntries(entries) } : {}) };
}

export function Options({ options, change }) {
  const put = (name) => (event) => change({ ...options, [name]: event.currentTarget.value });
  return html`<details class="options"><summary>Options</summary>
    <div class="option-fields">${Object.entries(LABELS).map(([name, label]) => html`<label key=${name} class="field"><span>${label}</span>
      <input type="number" min="0" class="short" value=${options[name]} onInput=${put(name)} /></label>`)}</div>
    <label class="field wide"><span>Metadata, a line each: name=value</span>
      <textarea rows="2" value=${options.metadata} onInput=${put("metadata")}></textarea></label>
  </details>`;
}

/** The input of a job, as it was submitted. */

import { html, useEffect } from "../../core/dom.js";
import { call } from "../../core/api.js";
import { size } from "../../core/text.js";
import { Section } from "../../parts/basics.js";
import { Value } from "../../parts/tree.js";

export function Input({ job, input, setInput }) {
  useEffect(() => {
    call("GET", `/jobs/${job.id}`, { query: { include: "input" }, exact: ["input"] }).then(({ data }) => setInput(data.input ?? {}), () => setInput({}));
  }, [job.id]);
  if (!input) return html`<${Section} title="Input"><p class="quiet">Loading …</p><//>`;
  if (input.url) {
    return html`<${Section} title="Input"><p>It has ${size(input.bytes)}. <a class="button" href=${input.url} download=${`${job.id}-input.json`}>Download</a></p><//>`;
  }
  const given = valuesOf(input);
  return html`<${Section} title="Input">
    ${Object.keys(given).length ? html`<${Value} value=${given} name=${`${job.id}-input`} />` : html`<p class="quiet">It has no input.</p>`}
  <//>`;
}

/** The flow's arguments: the message is one of them. @param {any} input */
export function valuesOf(input) {
  const { message, parameters } = input ?? {};
  return { ...(message === undefined || message === null ? {} : { message }), ...parameters };
}

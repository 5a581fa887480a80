/** The input of a job. It travels with the job and is not kept: this tab knows what was submitted from it. */

import { html } from "../../core/dom.js";
import { Section } from "../../parts/basics.js";
import { Value } from "../../parts/tree.js";

export function Input({ job, input }) {
  const given = valuesOf(input);
  return html`<${Section} title="Input">
    ${input === null
      ? html`<p class="quiet">It was submitted elsewhere, and travels with the job alone: it cannot be read back. ${job.state === "failed" || job.state === "cancelled" ? "A retry submits it again." : ""}</p>`
      : Object.keys(given).length
        ? html`<${Value} value=${given} name=${`${job.id}-input`} />`
        : html`<p class="quiet">It has no input.</p>`}
  <//>`;
}

/** The flow's arguments: the message is one of them. @param {any} input */
export function valuesOf(input) {
  const { message, parameters } = input ?? {};
  return { ...(message === undefined || message === null ? {} : { message }), ...parameters };
}

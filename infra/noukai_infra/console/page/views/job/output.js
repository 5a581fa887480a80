/** The output of a job; a large one is loaded when it is asked for. */

import { html, useState } from "../../core/dom.js";
import { Section } from "../../parts/basics.js";
import { Large } from "../../parts/large.js";
import { Value } from "../../parts/tree.js";

/** @param {{job: import("#api").Job}} properties */
export function Output({ job }) {
  const { result } = job;
  const [loaded, setLoaded] = useState(/** @type {{content: any} | null} */ (null));
  const name = `${job.id}-output`;
  const shown = !result
    ? html`<p class="quiet">${job.state === "completed" ? "The output cannot be read any more." : job.state === "failed" || job.state === "cancelled" ? "A job that did not complete has none." : "There is none yet."}</p>`
    : result.outputUrl && !loaded
      ? html`<${Large} url=${result.outputUrl} bytes=${result.outputBytes} name=${name} take=${(content) => setLoaded({ content })} />`
      : html`<${Value} value=${loaded ? loaded.content : result.output} name=${name} />`;
  return html`<${Section} title="Output">${shown}<//>`;
}

/** The output of a job; a large one is loaded when it is asked for. */

import { html, useState } from "../../core/dom.js";
import { wordsOf } from "../../core/api.js";
import { parseExact } from "../../core/exact_json.js";
import { size } from "../../core/text.js";
import { Problem, Section } from "../../parts/basics.js";
import { Value } from "../../parts/tree.js";

const SHOWN_BYTES = 5e6;

export function Output({ job }) {
  const { result } = job;
  if (!result) return html`<${Section} title="Output"><p class="quiet">${job.state === "completed" ? "The output cannot be read any more." : "There is none yet."}</p><//>`;
  return html`<${Section} title="Output">
    ${result.outputUrl ? html`<${Large} result=${result} name=${`${job.id}-output`} />` : html`<${Value} value=${result.output} name=${`${job.id}-output`} />`}
  <//>`;
}

function Large({ result, name }) {
  const [output, setOutput] = useState(/** @type {any} */ (undefined));
  const [error, setError] = useState("");
  const load = async () => {
    try {
      const response = await fetch(result.outputUrl);
      if (!response.ok) throw new Error("The link has expired: load the page again for a new one.");
      setOutput(parseExact(await response.text()));
    } catch (raised) {
      setError(`The output could not be loaded: ${wordsOf(raised)}`);
    }
  };
  if (output !== undefined) return html`<${Value} value=${output} name=${name} />`;
  return html`<p>It has ${size(Number(result.outputBytes))}.</p>
    <div class="buttons">
      ${result.outputBytes <= SHOWN_BYTES && html`<button type="button" onClick=${load}>Show</button>`}
      <a class="button" href=${result.outputUrl} download=${`${name}.json`}>Download</a>
    </div>
    <${Problem} error=${error} />`;
}

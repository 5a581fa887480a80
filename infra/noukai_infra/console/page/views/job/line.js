/** One line of the log as a whole, with its fields. */

import { html, useState } from "../../core/dom.js";
import { Copy, Text, Time } from "../../parts/basics.js";
import { Value } from "../../parts/tree.js";

const SHOWN = 20_000;

export function Line({ line, close }) {
  const [isWhole, setWhole] = useState(false);
  const isLong = line.message.length > SHOWN;
  return html`<aside class="line" aria-label="Line">
    <div class="tools"><b>${line.level}</b> <span class="quiet">${line.stream}, attempt ${line.attempt}, <${Time} at=${line.at} /></span>
      <${Copy} text=${line.message} what="the line" /><button type="button" class="plain" onClick=${close}>Close</button></div>
    <pre tabindex="0" aria-label="Message"><${Text}>${isWhole ? line.message : line.message.slice(0, SHOWN)}<//></pre>
    ${isLong && !isWhole && html`<button type="button" class="plain" onClick=${() => setWhole(true)}>Show all ${line.message.length.toLocaleString()} characters</button>`}
    ${line.fields && html`<${Value} value=${line.fields} name="fields" />`}
  </aside>`;
}

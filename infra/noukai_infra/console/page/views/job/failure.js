/** The error of a job with its frames: those of the flow's own code first to the eye. */

import { html } from "../../core/dom.js";
import { Copy, Section, Text } from "../../parts/basics.js";

const FRAME = /^\s*(?:File "(?<file>[^"]+)", line (?<line>\d+)(?:, in (?<name>.+))?|(?<path>[\w./-]+\.py):(?<number>\d+)(?:,? in (?<where>.+))?)$/;

/** @param {string} text */
export function framesOf(text) {
  return text.split("\n").map((line) => {
    const found = FRAME.exec(line)?.groups;
    const file = found?.file ?? found?.path;
    return { line, file, isOwn: Boolean(file && !/site-packages|\/lib\/python|noukai_functions|\/own\//.test(file)) };
  });
}

export function Failure({ job }) {
  const text = job.error ?? job.lastError;
  if (!text) return null;
  const title = job.error ? "Error" : `Error of the attempt before`;
  const [first, ...frames] = framesOf(text);
  return html`<${Section} title=${title} class=${job.error ? "failure" : "past"} aside=${html`<${Copy} text=${text} what="the error" />`}>
    <p class="error-text"><${Text}>${first.line}<//></p>
    ${frames.length > 0 && html`<ol class="frames" tabindex="0" aria-label="Frames">
      ${frames.map(({ line, file, isOwn }, index) => html`<li key=${index} class=${file ? (isOwn ? "frame own" : "frame") : ""}><${Text}>${line}<//></li>`)}
    </ol>`}
  <//>`;
}

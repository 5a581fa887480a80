/** A job in the list. */

import { html } from "../../core/dom.js";
import { hrefOf } from "../../core/router.js";
import { between } from "../../core/time.js";
import { Copy, Progress, State, Text, Time } from "../../parts/basics.js";

const COLUMNS = ["", "State", "Flow", "Job", "", "Submitted", "Took"];

export function Head() {
  return html`<div role="row" class="row head-row" aria-rowindex="1">
    ${COLUMNS.map((label, index) => html`<span key=${index} role="columnheader">${label || html`<span class="hidden">${index ? "Progress" : "Select"}</span>`}</span>`)}
  </div>`;
}

/** What is to know about a job in a line. @param {{job: import("#api").Job}} properties */
function Gist({ job }) {
  if (job.state === "failed") return html`<${Text} class="clip error-text">${job.error}<//>`;
  if (job.state === "running" && job.progress) return html`<${Progress} progress=${job.progress} />`;
  if (job.lastError && job.state !== "completed") return html`<${Text} class="clip quiet">${job.lastError}<//>`;
  const metadata = Object.entries(job.metadata ?? {}).map(([name, value]) => `${name}=${value}`);
  return html`<${Text} class="clip quiet">${metadata.join("  ")}<//>`;
}

/** @param {{job: import("#api").Job, index: number, isSelected: boolean, isCurrent: boolean, toggle: () => void, open: () => void, focus: () => void}} properties */
export function Row({ job, index, isSelected, isCurrent, toggle, open, focus }) {
  const opened = (event) => {
    if (event.target.closest("a, button, input, label") || String(getSelection())) return;
    open();
  };
  const [, project, flow] = (job.flow ?? "").split("/");
  return html`<div role="row" class=${isSelected ? "row selected" : "row"} aria-rowindex=${index + 2} aria-selected=${isSelected}
      tabindex=${isCurrent ? 0 : -1} data-id=${job.id} onClick=${opened} onFocus=${focus}>
    <span role="gridcell" class="tick"><input type="checkbox" tabindex="-1" aria-label=${`Select ${job.id}`} checked=${isSelected} onChange=${toggle} /></span>
    <span role="gridcell" class="at-state"><${State} state=${job.state} /></span>
    <span role="gridcell" class="at-flow clip"><span class="project">${project}/</span>${flow}</span>
    <span role="gridcell" class="at-id"><a class="mono" tabindex="-1" href=${hrefOf(["jobs", job.id])}>${job.id}</a><${Copy} text=${job.id} what="the id" /></span>
    <span role="gridcell" class="at-gist"><${Gist} job=${job} /></span>
    <span role="gridcell" class="at-time"><${Time} at=${job.createdAt} /></span>
    <span role="gridcell" class="at-took figure">${job.startedAt ? between(job.startedAt, job.completedAt) : ""}</span>
  </div>`;
}

/** What can be done with a job, as far as the key may. */

import { html } from "../../core/dom.js";
import { call } from "../../core/api.js";
import { notify } from "../../core/notices.js";
import { go } from "../../core/router.js";
import { may } from "../../core/session.js";
import { ask } from "../../parts/dialog.js";
import { startFrom } from "../flows/draft.js";
import { isOver } from "../jobs/store.js";

/** @param {{job: import("#api").Job, input: any, again: () => void}} properties */
export function Actions({ job, input, again }) {
  const cancel = () => ask({
    title: "Cancel this job?",
    text: job.state === "running" ? "Its flow is asked to stop; what it has done already stays." : "It will not start.",
    verb: "Cancel the job",
    isGrave: true,
    act: async () => {
      const { data } = await call("POST", `/jobs/${job.id}/cancel`);
      notify(data.state === "cancelled" ? "The job is cancelled." : `The job had ended before: it is ${data.state}.`);
      again();
    },
  });
  const retry = () => ask({
    title: "Retry this job?",
    text: "Its input is submitted again as a new job. Retrying it twice makes one job.",
    verb: "Retry",
    act: async () => {
      const { data } = await call("POST", `/jobs/${job.id}/retry`);
      notify("Submitted again.");
      go(["jobs", data.id]);
    },
  });
  const flow = job.flow ?? "";
  const change = () => {
    startFrom(flow, input);
    go(["flows", ...flow.split("/")]);
  };
  const hasFailed = job.state === "failed" || job.state === "cancelled";
  return html`<div class="buttons">
    ${!isOver(job) && may("cancel") && html`<button type="button" class="grave" onClick=${cancel}>Cancel</button>`}
    ${hasFailed && may("submit", "read") && html`<button type="button" class="main" onClick=${retry}>Retry</button>`}
    ${may("submit") && html`<button type="button" onClick=${change}>${input ? "Submit again with changes" : "Submit another"}</button>`}
  </div>`;
}

/** The list without a job teaches how to submit one. */

import { html } from "../../core/dom.js";
import { may } from "../../core/session.js";
import { Code, Empty } from "../../parts/basics.js";
import { useFlows } from "../flows/store.js";
import { pythonCall } from "../job/as_code.js";

export function FirstJob() {
  const flows = useFlows();
  const flow = flows.find((each) => "message" in (each.input?.properties ?? {})) ?? flows[0];
  if (!flow) {
    return html`<${Empty} title="No flows yet">
      <p>A flow is a Python function. Make a repository with <code>noukai init my-jobs</code>, write one, and deploy it with <code>noukai deploy</code>.</p><//>`;
  }
  return html`<${Empty} title="No jobs yet">
    <p>These lines submit one${may("submit") ? html`, or <a href=${`#/flows/${flow.flow}`}>fill in a form</a>` : ""}. It appears here at once.</p>
    <${Code} text=${pythonCall(flow.flow, { message: "to be or not to be" })} what="Python that submits a job" />
  <//>`;
}

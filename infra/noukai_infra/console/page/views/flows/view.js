/** The flows of the deployment. */

import { html, useState } from "../../core/dom.js";
import { hrefOf } from "../../core/router.js";
import { may } from "../../core/session.js";
import { counted } from "../../core/text.js";
import { duration } from "../../core/time.js";
import { Empty, Problem, Text } from "../../parts/basics.js";
import { flows, flowsProblem, useFlows } from "./store.js";

export function Flows() {
  const all = useFlows();
  const [found, setFound] = useState("");
  if (flowsProblem.value) return html`<${Problem} error=${flowsProblem.value} />`;
  if (!flows.value) return html`<p class="quiet loading" role="status">Loading flows …</p>`;
  if (!all.length) {
    return html`<${Empty} title="No flows yet"><p>A flow is a Python function. Make a repository with <code>noukai init my-jobs</code>,
      write one, and deploy it with <code>noukai deploy</code>.</p><//>`;
  }
  const shown = all.filter((each) => each.flow.includes(found.trim().toLowerCase()));
  return html`<div class="page">
    <header class="page-head"><h1>Flows</h1>
      <input type="search" data-find aria-label="Find a flow" placeholder="Find a flow" value=${found} onInput=${(event) => setFound(event.currentTarget.value)} />
      <span class="quiet">${counted(shown.length, "flow")}</span></header>
    <ul class="list">${shown.map((flow) => html`<${Entry} key=${flow.flow} flow=${flow} />`)}</ul>
  </div>`;
}

function Entry({ flow }) {
  const [, project, name] = flow.flow.split("/");
  const inputs = Object.keys(flow.input?.properties ?? {});
  return html`<li class="card entry">
    <div><a class="title" href=${hrefOf(["flows", ...flow.flow.split("/")])}><span class="quiet">${project}/</span>${name}</a>
      ${flow.description && html`<p class="clip"><${Text}>${flow.description.split("\n")[0]}<//></p>`}</div>
    <div class="quiet entry-facts"><span>${inputs.length ? html`<${Text}>${inputs.join(", ")}<//>` : "no input"}</span>
      <span>${duration(flow.timeoutSeconds * 1000)} at most, ${counted(flow.maxAttempts, "attempt")}${flow.worker ? `, worker ${flow.worker}` : ""}</span></div>
    ${may("read") && html`<a href=${hrefOf(["jobs"], { flow: flow.flow })}>Jobs</a>`}
  </li>`;
}

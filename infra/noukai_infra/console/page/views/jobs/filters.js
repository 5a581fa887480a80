/** The filters of the list; the address holds them. */

import { html, useId } from "../../core/dom.js";
import { refine } from "../../core/router.js";
import { localField } from "../../core/time.js";
import { useFlows } from "../flows/store.js";

const STATES = ["", "pending", "running", "completed", "failed", "cancelled"];
const SINCE = [
  ["", "Any time"],
  ["1", "Last hour"],
  ["24", "Last 24 hours"],
  ["168", "Last 7 days"],
];

/** @param {string | null} text */
function asState(text) {
  return STATES.includes(text ?? "") ? (text ?? "") : "";
}

/** What the address asks for, checked against what there is. @param {URLSearchParams} query */
export function filterOf(query) {
  const iso = (name) => (Number.isNaN(Date.parse(query.get(name) ?? "")) ? "" : (query.get(name) ?? ""));
  const flow = /^[a-z0-9-]+(\/[a-z0-9-]+){2}$/.test(query.get("flow") ?? "") ? (query.get("flow") ?? "") : "";
  return { flow, state: asState(query.get("state")), from: iso("from"), to: iso("to") };
}

function Field({ label, children }) {
  return html`<label class="field"><span class="field-name">${label}</span>${children}</label>`;
}

/** @param {(iso: string) => void} change */
function instant(change) {
  return (event) => change(event.currentTarget.value ? new Date(event.currentTarget.value).toISOString() : "");
}

export function Filters({ filter, metadata }) {
  const flows = useFlows();
  const name = useId();
  const since = (event) => {
    const hours = Number(event.currentTarget.value);
    refine({ from: hours ? new Date(Date.now() - hours * 3_600_000).toISOString() : "", to: "" });
  };
  return html`<form class="filters" role="search" aria-label="Filter the jobs" onSubmit=${(event) => event.preventDefault()}>
    <fieldset class="segments"><legend class="hidden">State</legend>
      ${STATES.map((state) => html`<label key=${state}><input type="radio" name=${name} value=${state} checked=${filter.state === state}
        onChange=${() => refine({ state })} /><span>${state || "all"}</span></label>`)}
    </fieldset>
    <${Field} label="Flow"><select value=${filter.flow} onChange=${(event) => refine({ flow: event.currentTarget.value })}>
      <option value="">All flows</option>
      ${filter.flow && !flows.some((each) => each.flow === filter.flow) && html`<option value=${filter.flow}>${filter.flow}</option>`}
      ${flows.map(({ flow }) => html`<option key=${flow} value=${flow}>${flow.split("/").slice(1).join("/")}</option>`)}
    </select><//>
    <${Field} label="Metadata"><input type="search" data-find placeholder="name=value" value=${metadata}
      onInput=${(event) => refine({ metadata: event.currentTarget.value })} /><//>
    <details class="times" open=${Boolean(filter.from || filter.to)}><summary>Time</summary><div class="times-fields">
      <${Field} label="Submitted"><select onChange=${since}>${SINCE.map(([hours, label]) => html`<option key=${hours} value=${hours}>${label}</option>`)}</select><//>
      <${Field} label="from"><input type="datetime-local" value=${localField(filter.from)} onChange=${instant((from) => refine({ from }))} /><//>
      <${Field} label="to"><input type="datetime-local" value=${localField(filter.to)} onChange=${instant((to) => refine({ to }))} /><//>
    </div></details>
  </form>`;
}

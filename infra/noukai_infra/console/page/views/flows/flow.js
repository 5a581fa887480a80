/** One flow: a form that submits a job, and how its jobs went lately. */

import { html, useMemo, useRef, useState } from "../../core/dom.js";
import { wordsOf } from "../../core/api.js";
import { notify } from "../../core/notices.js";
import { go, hrefOf } from "../../core/router.js";
import { may } from "../../core/session.js";
import { Empty, Problem, Section, Text } from "../../parts/basics.js";
import { Value } from "../../parts/tree.js";
import { check } from "../form/check.js";
import { Fields } from "../form/form.js";
import { beginningOf } from "../form/schema.js";
import { AsCode } from "../job/as_code.js";
import { valuesOf } from "../job/input.js";
import { remember, takeDraft } from "./draft.js";
import { NO_OPTIONS, Options, optionsOf } from "./options.js";
import { Recent } from "./recent.js";
import { flows, flowsProblem, useFlows } from "./store.js";
import { submit } from "./submit.js";

export function Flow({ flow }) {
  const found = useFlows().find((each) => each.flow === flow);
  if (flowsProblem.value) return html`<${Problem} error=${flowsProblem.value} />`;
  if (!flows.value) return html`<p class="quiet loading" role="status">Loading flows …</p>`;
  if (!found) {
    return html`<${Empty} title="There is no such flow"><p>${flow} is not deployed, or belongs to another org. <a href="#/flows">Show all flows</a></p><//>`;
  }
  return html`<${Known} flow=${found} />`;
}

function Known({ flow }) {
  const [, project, name] = flow.flow.split("/");
  const draft = useMemo(() => takeDraft(flow.flow), [flow.flow]);
  const [value, setValue] = useState(() => (draft ? valuesOf(draft) : beginningOf(flow.input, flow.input)));
  return html`<div class="page">
    <header class="page-head"><h1><span class="quiet">${project}/</span>${name}</h1>
      ${may("read") && html`<a href=${hrefOf(["jobs"], { flow: flow.flow })}>Jobs of this flow</a>`}</header>
    ${flow.description && html`<p class="about"><${Text}>${flow.description}<//></p>`}
    <div class="halves">
      <div class="stack">${may("submit") ? html`<${Form} flow=${flow} value=${value} setValue=${setValue} isDraft=${Boolean(draft)} />` : html`<p class="quiet">This key may not submit jobs.</p>`}</div>
      <div class="stack">
        ${may("read") && html`<${Recent} flow=${flow.flow} />`}
        <${AsCode} flow=${flow.flow} input=${{ parameters: value }} />
        <${Section} title="Schemas"><details><summary>Input</summary><${Value} value=${flow.input} name="input-schema" /></details>
          ${flow.output && html`<details><summary>Output</summary><${Value} value=${flow.output} name="output-schema" /></details>`}<//>
      </div>
    </div>
  </div>`;
}

/** The place of an error of the API in this form. @param {string} path */
function placeOf(path) {
  return path.replace(/^parameters\./, "");
}

function Form({ flow, value, setValue, isDraft }) {
  const [errors, setErrors] = useState(/** @type {Map<string, string>} */ (new Map()));
  const [problem, setProblem] = useState("");
  const [options, setOptions] = useState(NO_OPTIONS);
  const [isBusy, setBusy] = useState(false);
  const place = useRef(null);
  // The same submission repeated makes one job; a change makes another.
  const attempt = useRef({ of: "", key: "" });
  const show = (found, words) => {
    setErrors(found);
    setProblem(words);
    requestAnimationFrame(() => place.current?.querySelector("[aria-invalid=true]")?.focus());
  };
  const send = async (event) => {
    event.preventDefault();
    const found = check(flow.input, value, flow.input);
    if (found.size) return show(found, "Some fields need a change.");
    setBusy(true);
    try {
      const of = JSON.stringify([value, options]);
      if (attempt.current.of !== of) attempt.current = { of, key: crypto.randomUUID() };
      const job = await submit(flow.flow, value, optionsOf(options), attempt.current.key);
      remember(job.id, value);
      notify("Submitted.");
      go(["jobs", job.id]);
    } catch (/** @type {any} */ raised) {
      show(new Map((raised.errors ?? []).map((each) => [placeOf(each.path), each.message])), wordsOf(raised));
      setBusy(false);
    }
    return undefined;
  };
  const hasFields = Object.keys(flow.input.properties ?? {}).length > 0;
  return html`<form ref=${place} class="card form" aria-label="Submit a job" novalidate onSubmit=${send}>
    <header class="head"><h2>${isDraft ? "Submit again with changes" : "Submit a job"}</h2></header>
    ${hasFields ? html`<${Fields} schema=${flow.input} value=${value} change=${setValue} root=${flow.input} errors=${errors} />` : html`<p class="quiet">This flow has no input.</p>`}
    <${Options} options=${options} change=${setOptions} errors=${errors} />
    <${Problem} error=${problem} />
    ${[...errors].filter(([path]) => !(path.split(".")[0] in (flow.input.properties ?? {}))).map(([path, message]) => html`<p key=${path} class="problem">${path} ${message}</p>`)}
    <footer class="buttons"><button class="main" disabled=${isBusy}>${isBusy ? "Submitting …" : "Submit"}</button></footer>
  </form>`;
}

/** The frame of every view: navigation, the key, what is wrong now, and notices. */

import { html, useState } from "../core/dom.js";
import { call, trouble, wordsOf } from "../core/api.js";
import { dismiss, notices } from "../core/notices.js";
import { usePolling } from "../core/polling.js";
import { hrefOf, route } from "../core/router.js";
import { key, may, signOut, who } from "../core/session.js";
import { Questions } from "../parts/dialog.js";
import { isSheetOpen, Keys } from "../parts/keys.js";
import { Empty } from "../parts/basics.js";
import { Jobs } from "./jobs/view.js";
import { Job } from "./job/view.js";
import { Flows } from "./flows/view.js";
import { Flow } from "./flows/flow.js";
import { Usage } from "./usage.js";
import { Health } from "./health.js";
import { Schedules } from "./automation/schedules.js";
import { Webhooks } from "./automation/webhooks.js";
import { SignIn } from "./sign_in.js";

/** @type {[string, string, string[]][]} */
const PLACES = [
  ["jobs", "Jobs", ["read"]],
  ["flows", "Flows", []],
  ["schedules", "Schedules", ["schedules"]],
  ["webhooks", "Webhooks", ["webhooks"]],
  ["usage", "Usage", ["usage"]],
  ["health", "Health", ["ops"]],
];

function View() {
  const { path } = route.value;
  const [place = "jobs", name] = path;
  if (place === "jobs") return name ? html`<${Job} key=${name} id=${name} />` : html`<${Jobs} />`;
  if (place === "flows") return name ? html`<${Flow} key=${path.join("/")} flow=${path.slice(1).join("/")} />` : html`<${Flows} />`;
  if (place === "usage") return html`<${Usage} />`;
  if (place === "health") return html`<${Health} />`;
  if (place === "schedules") return html`<${Schedules} name=${name} />`;
  if (place === "webhooks") return html`<${Webhooks} name=${name} />`;
  return html`<${Empty} title="There is no such view"><p><a href="#/jobs">Go to the jobs</a></p><//>`;
}

function Navigation() {
  const current = route.value.path[0] ?? "jobs";
  return html`<nav aria-label="Views">
    ${PLACES.filter(([, , scopes]) => may(...scopes)).map(
      ([place, label]) => html`<a key=${place} href=${hrefOf([place])} aria-current=${place === current ? "page" : null}>${label}</a>`,
    )}
  </nav>`;
}

function Owner() {
  if (!who.value) return null;
  const { name, org, scopes } = who.value;
  return html`<div class="owner">
    <span title=${`Scopes: ${scopes.join(", ")}`}><b>${org}</b> <span class="quiet">${name}</span></span>
    <details class="scopes"><summary>${scopes.length} scopes</summary><p>${scopes.join(", ")}</p></details>
    <button type="button" class="plain" onClick=${() => (isSheetOpen.value = true)}>Keys <kbd>?</kbd></button>
    <button type="button" class="plain" onClick=${() => signOut()}>Sign out</button>
  </div>`;
}

function Notices() {
  return html`<div class="notices" role="status" aria-live="polite">
    ${notices.value.map(
      ({ id, text, isError }) => html`<div key=${id} class=${isError ? "notice error" : "notice"}>
        <span>${text}</span><button type="button" class="plain" onClick=${() => dismiss(id)}>Dismiss</button></div>`,
    )}
  </div>`;
}

/** A key of this tab is asked for its owner once; the page waits for that. */
function useOwner() {
  const [problem, setProblem] = useState("");
  usePolling(async (signal) => {
    if (!key.value || who.value) return null;
    try {
      who.value = (await call("GET", "/console/key", { signal })).data;
      setProblem("");
    } catch (raised) {
      if (!signal.aborted) setProblem(wordsOf(raised));
      throw raised;
    }
    return null;
  }, [key.value]);
  return problem;
}

export function Shell() {
  const problem = useOwner();
  if (!key.value) return html`<${SignIn} /><${Notices} />`;
  if (!who.value) return html`<main class="first"><p class="quiet" role="status">${problem || "Asking whose key this is …"}</p></main>`;
  return html`<a class="skip" href="#content" onClick=${skip}>Skip to the content</a>
    <header class="bar"><a class="brand" href="#/jobs">Noukai</a><${Navigation} /><${Owner} /></header>
    <div class="trouble" role="status">${trouble.value && html`<p>${trouble.value}</p>`}</div>
    <main id="content" tabindex="-1"><${View} /></main>
    <${Questions} /><${Keys} /><${Notices} />`;
}

/** The address holds the view: it must not change. @param {Event} event */
function skip(event) {
  event.preventDefault();
  document.getElementById("content")?.focus();
}

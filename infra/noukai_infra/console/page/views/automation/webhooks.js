/** Webhook endpoints. */

import { html, useState } from "../../core/dom.js";
import { call, wordsOf } from "../../core/api.js";
import { notify } from "../../core/notices.js";
import { go, hrefOf } from "../../core/router.js";
import { Code, Copy, Empty, Problem, Section, Text, Time } from "../../parts/basics.js";
import { ask, Dialog } from "../../parts/dialog.js";
import { Deliveries } from "./deliveries.js";
import { useAnswer } from "./list.js";

const EXAMPLE = `webhook = client.webhooks.put("billing", url="https://example.com/hooks")
print(webhook.secret)  # is shown once`;

export function Webhooks({ name }) {
  return name ? html`<${Webhook} key=${name} name=${name} />` : html`<${All} />`;
}

function Health({ webhook }) {
  if (webhook.disabledAt) return html`<span class="pill broken">disabled</span>`;
  return webhook.failingSince ? html`<span class="pill paused">failing</span>` : html`<span class="pill active">active</span>`;
}

function All() {
  const { data, error } = useAnswer("/webhooks");
  if (error) return html`<${Problem} error=${error} />`;
  if (!data) return html`<p class="quiet loading" role="status">Loading webhooks …</p>`;
  if (!data.webhooks.length) {
    return html`<${Empty} title="No webhook endpoints yet"><p>An endpoint is a URL of yours that is called when jobs end.</p><${Code} text=${EXAMPLE} what="Python that makes an endpoint" /><//>`;
  }
  return html`<div class="page"><header class="page-head"><h1>Webhooks</h1></header>
    <ul class="list">${data.webhooks.map((each) => html`<li key=${each.name} class="card entry">
      <div><a class="title" href=${hrefOf(["webhooks", each.name])}>${each.name}</a> <${Health} webhook=${each} />
        <p class="quiet clip"><${Text}>${each.url}<//></p></div>
      <div class="entry-facts quiet"><span>${each.events.join(", ")}</span>${each.flow && html`<span>${each.flow}</span>`}</div>
    </li>`)}</ul></div>`;
}

function Webhook({ name }) {
  const { data, error, again } = useAnswer(`/webhooks/${encodeURIComponent(name)}`);
  const [secret, setSecret] = useState("");
  const [turn, setTurn] = useState(0);
  if (error) return html`<${Empty} title="This endpoint cannot be shown"><p>${error} <a href="#/webhooks">All webhooks</a></p><//>`;
  if (!data) return html`<p class="quiet loading" role="status">Loading the endpoint …</p>`;
  const facts = [["URL", html`<${Text}>${data.url}<//>`], ["Events", data.events.join(", ")], ["Flow", data.flow ?? "all"], ["Made", html`<${Time} at=${data.createdAt} />`],
    data.oldSecretsUntil && ["Old secrets sign until", html`<${Time} at=${data.oldSecretsUntil} />`],
    data.failingSince && ["Failing since", html`<${Time} at=${data.failingSince} />`], data.nextTryAt && ["Next try", html`<${Time} at=${data.nextTryAt} />`]].filter(Boolean);
  return html`<div class="page">
    <header class="page-head"><h1>${data.name}</h1><${Health} webhook=${data} />
      <${Steps} webhook=${data} again=${again} show=${setSecret} changed=${() => setTurn((old) => old + 1)} /></header>
    ${data.disabledReason && html`<p class="problem"><${Text}>${data.disabledReason}<//></p>`}
    <${Section} title="Endpoint"><dl class="facts">${facts.map(([label, value]) => html`<div key=${label}><dt>${label}</dt><dd>${value}</dd></div>`)}</dl><//>
    <${Deliveries} name=${data.name} turn=${turn} />
    ${secret && html`<${Dialog} title="The new secret" onClose=${() => setSecret("")}><p>It is shown this once. The old one signs beside it for 24 hours.</p>
      <p class="mono">${secret}</p><${Copy} text=${secret} what="the secret" /><//>`}
  </div>`;
}

function Steps({ webhook, again, show, changed }) {
  const path = `/webhooks/${encodeURIComponent(webhook.name)}`;
  const test = async () => {
    try {
      await call("POST", `${path}/test`);
      notify("A test event is on its way.");
      changed();
    } catch (raised) {
      notify(wordsOf(raised), { isError: true });
    }
  };
  const rotate = () => ask({
    title: "Make a new secret?", text: "Both secrets sign for 24 hours, so that receivers can change over.", verb: "Make a new secret",
    act: async () => {
      show((await call("POST", `${path}/rotate`, { body: {} })).data.secret);
      again();
    },
  });
  const remove = () => ask({
    title: "Delete this endpoint?", text: `${webhook.url} is told of no further jobs, and its deliveries are forgotten.`, verb: "Delete", isGrave: true,
    act: async () => {
      await call("DELETE", path);
      notify("Deleted.");
      go(["webhooks"]);
    },
  });
  return html`<div class="buttons"><button type="button" onClick=${test}>Send a test</button><button type="button" onClick=${rotate}>New secret</button>
    <button type="button" class="grave" onClick=${remove}>Delete</button></div>`;
}

/** The deliveries of an endpoint: each try's status and answer. */

import { html, useEffect, useState } from "../../core/dom.js";
import { call } from "../../core/api.js";
import { notify } from "../../core/notices.js";
import { hrefOf } from "../../core/router.js";
import { counted } from "../../core/text.js";
import { duration } from "../../core/time.js";
import { Problem, Section, Text, Time } from "../../parts/basics.js";
import { ask } from "../../parts/dialog.js";
import { useAnswer } from "./list.js";

const HOUR_MS = 3_600_000;
const SINCE = { "the last hour": 1, "the last day": 24, "the last 7 days": 167 };

export function Deliveries({ name, turn }) {
  const path = `/webhooks/${encodeURIComponent(name)}`;
  const { data, error, again } = useAnswer(`${path}/deliveries`, { limit: 50 });
  const [since, setSince] = useState("the last day");
  useEffect(() => {
    if (turn) again();
  }, [turn]);
  const redeliver = () => ask({
    title: `Send what was not delivered in ${since} again?`, text: "Each event keeps its webhook-id, so that the receiver can tell a repetition.", verb: "Send again",
    act: async () => {
      const from = new Date(Date.now() - SINCE[since] * HOUR_MS).toISOString();
      let sent = 0;
      for (let cursor; ; ) {
        const page = (await call("POST", `${path}/redeliver`, { body: { since: from, ...(cursor ? { cursor } : {}) } })).data;
        sent += page.redelivered;
        cursor = page.cursor;
        if (!cursor) break;
      }
      notify(`${counted(sent, "event")} sent again.`);
      again();
    },
  });
  const aside = html`<select aria-label="Period to send again" value=${since} onChange=${(event) => setSince(event.currentTarget.value)}>
    ${Object.keys(SINCE).map((each) => html`<option key=${each}>${each}</option>`)}</select>
    <button type="button" onClick=${redeliver}>Send again</button>`;
  return html`<${Section} title="Deliveries" aside=${aside}>
    <${Problem} error=${error} />
    ${data && !data.deliveries.length && html`<p class="quiet">None in the last seven days.</p>`}
    <ul class="plain-list">${(data?.deliveries ?? []).map((each) => html`<${Delivery} key=${each.id} delivery=${each} />`)}</ul>
    ${data?.cursor && html`<p class="quiet">Older ones are not shown.</p>`}
  <//>`;
}

const PILLS = { delivered: "active", waiting: "paused", failed: "broken" };

function Delivery({ delivery }) {
  const { state, type, jobId, status, durationMs, tries, answer, error } = delivery;
  return html`<li class="delivery"><details><summary>
      <span class=${`pill ${PILLS[state] ?? ""}`}>${state}</span> <b><${Text}>${type}<//></b> <span class="figure">${status ?? "no answer"}</span>${" "}
      <span class="quiet">${counted(tries, "try", "tries")}${durationMs === undefined ? "" : `, ${duration(durationMs)}`}, <${Time} at=${delivery.createdAt} /></span></summary>
    <dl class="facts"><div><dt>webhook-id</dt><dd class="mono">${delivery.id}</dd></div>
      ${jobId && html`<div><dt>Job</dt><dd><a class="mono" href=${hrefOf(["jobs", jobId])}>${jobId}</a></dd></div>`}
      ${delivery.nextTryAt && html`<div><dt>Next try</dt><dd><${Time} at=${delivery.nextTryAt} /></dd></div>`}</dl>
    ${error && html`<p class="problem"><${Text}>${error}<//></p>`}
    ${answer && html`<pre tabindex="0" aria-label="Answer"><${Text}>${answer}<//></pre>`}
  </details></li>`;
}

/** Schedules: when they run next, and what they did last. */

import { html } from "../../core/dom.js";
import { call, wordsOf } from "../../core/api.js";
import { notify } from "../../core/notices.js";
import { go, hrefOf } from "../../core/router.js";
import { Code, Empty, Problem, Section, State, Text, Time } from "../../parts/basics.js";
import { ask } from "../../parts/dialog.js";
import { Value } from "../../parts/tree.js";
import { useAnswer } from "./list.js";

const EXAMPLE = `client.schedules.put(
    "morning-digest", flow="acme/mail/digest",
    cron="0 9 * * 1-5", zone="Europe/Berlin",
)`;

export function Schedules({ name }) {
  return name ? html`<${Schedule} key=${name} name=${name} />` : html`<${All} />`;
}

function Status({ schedule }) {
  return html`<span class=${`pill ${schedule.state}`}>${schedule.state}</span>`;
}

function All() {
  const { data, error } = useAnswer("/schedules");
  if (error) return html`<${Problem} error=${error} />`;
  if (!data) return html`<p class="quiet loading" role="status">Loading schedules …</p>`;
  if (!data.schedules.length) {
    return html`<${Empty} title="No schedules yet"><p>A schedule submits a flow's job at each instant of a cron expression.</p><${Code} text=${EXAMPLE} what="Python that makes a schedule" /><//>`;
  }
  return html`<div class="page"><header class="page-head"><h1>Schedules</h1></header>
    <ul class="list">${data.schedules.map((each) => html`<li key=${each.name} class="card entry">
      <div><a class="title" href=${hrefOf(["schedules", each.name])}>${each.name}</a> <${Status} schedule=${each} />
        <p class="quiet"><code>${each.cron}</code> ${each.zone} · ${each.flow}</p>${each.problem && html`<p class="problem"><${Text}>${each.problem}<//></p>`}</div>
      <div class="entry-facts quiet"><span>next <${Time} at=${each.next[0]} /></span><span>from ${each.source === "code" ? "code" : "the API"}</span></div>
    </li>`)}</ul></div>`;
}

function Schedule({ name }) {
  const { data, error, again } = useAnswer(`/schedules/${encodeURIComponent(name)}`, { next: 10 });
  if (error) return html`<${Empty} title="This schedule cannot be shown"><p>${error} <a href="#/schedules">All schedules</a></p><//>`;
  if (!data) return html`<p class="quiet loading" role="status">Loading the schedule …</p>`;
  const given = { ...(data.message === undefined ? {} : { message: data.message }), ...data.parameters };
  return html`<div class="page">
    <header class="page-head"><h1>${data.name}</h1><${Status} schedule=${data} /><${Steps} schedule=${data} again=${again} /></header>
    <p><code>${data.cron}</code> ${data.zone} · <a href=${`#/flows/${data.flow}`}>${data.flow}</a></p>
    ${data.problem && html`<p class="problem"><${Text}>${data.problem}<//></p>`}
    <div class="halves even">
      <${Section} title="Next"><ol class="plain-list">${data.next.map((at) => html`<li key=${at}><${Time} at=${at} /> <span class="quiet"><${Time} at=${at} isRelative /></span></li>`)}</ol>
        ${!data.next.length && html`<p class="quiet">No instant follows.</p>`}<//>
      <${Section} title="Last"><${Last} schedule=${data} /><//>
      <${Section} title="What it submits">${Object.keys(given).length ? html`<${Value} value=${given} name="input" />` : html`<p class="quiet">No input, or it is not shown to this key.</p>`}<//>
      <${Section} title="Rules"><dl class="facts"><div><dt>Overlap</dt><dd>${data.overlap}</dd></div><div><dt>Missed instants</dt><dd>${data.missed}</dd></div>
        <div><dt>Made by</dt><dd>${data.source}</dd></div><div><dt>Changed</dt><dd><${Time} at=${data.changedAt} /></dd></div></dl><//>
    </div></div>`;
}

function Last({ schedule }) {
  const jobs = schedule.jobs ?? [];
  const notes = schedule.history ?? [];
  if (!jobs.length && !notes.length) return html`<p class="quiet">It has not run yet.</p>`;
  return html`<ul class="plain-list">
    ${jobs.map((each) => html`<li key=${each.id}>${each.job ? html`<${State} state=${each.job.state} />` : ""} <a class="mono clip" href=${hrefOf(["jobs", each.id])}>${each.id}</a>
      <span class="quiet">${each.instant ? html`<${Time} at=${each.instant} />` : "triggered"}</span></li>`)}
    ${notes.map((note) => html`<li key=${note.instant}><span class="pill">${note.outcome}</span> <${Time} at=${note.instant} />${note.count > 1 ? ` and ${note.count - 1} before` : ""}
      ${note.message && html`<${Text} class="quiet">${note.message}<//>`}</li>`)}
  </ul>`;
}

function Steps({ schedule, again }) {
  const path = `/schedules/${encodeURIComponent(schedule.name)}`;
  const act = (verb, done) => async () => {
    try {
      const { data } = await call("POST", `${path}/${verb}`);
      notify(done);
      if (verb === "trigger" && data?.id) go(["jobs", data.id]);
      else again();
    } catch (raised) {
      notify(wordsOf(raised), { isError: true });
    }
  };
  const remove = () => ask({
    title: "Delete this schedule?", text: `${schedule.name} submits no further jobs; its jobs so far stay.`, verb: "Delete", isGrave: true,
    act: async () => {
      await call("DELETE", path);
      notify("Deleted.");
      go(["schedules"]);
    },
  });
  return html`<div class="buttons">
    <button type="button" onClick=${act("trigger", "Triggered.")}>Trigger now</button>
    ${schedule.state === "paused" ? html`<button type="button" class="main" onClick=${act("resume", "Resumed.")}>Resume</button>` : html`<button type="button" onClick=${act("pause", "Paused.")}>Pause</button>`}
    ${schedule.source === "api" && html`<button type="button" class="grave" onClick=${remove}>Delete</button>`}
  </div>`;
}

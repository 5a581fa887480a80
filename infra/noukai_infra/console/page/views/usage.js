/** The org's usage: jobs and cost by day and flow. */

import { html, useEffect, useState } from "../core/dom.js";
import { call, wordsOf } from "../core/api.js";
import { refine, route } from "../core/router.js";
import { Empty, Problem, Section } from "../parts/basics.js";
import { Chart } from "../parts/chart.js";
import { Figure } from "./flows/recent.js";

const DAY_MS = 86_400_000;
const MOST_SERIES = 5;
const PERIODS = [7, 30, 90, 365];

/** @param {number} ms */
function dayOf(ms) {
  return new Date(ms).toISOString().slice(0, 10);
}

/** @param {number} value */
function usd(value) {
  return `$${value.toLocaleString(undefined, { minimumFractionDigits: 2, maximumFractionDigits: value < 1 ? 6 : 2 })}`;
}

const whole = (value) => value.toLocaleString();

/** The days of a report in stacks: the largest flows, and the others together. */
export function stacksOf(report, field) {
  const sums = new Map();
  for (const entry of report.days) sums.set(entry.flow, (sums.get(entry.flow) ?? 0) + entry[field]);
  const flows = [...sums.keys()].sort((a, b) => sums.get(b) - sums.get(a));
  const named = flows.length > MOST_SERIES + 1 ? flows.slice(0, MOST_SERIES) : flows;
  const series = named.length < flows.length ? [...named, `${flows.length - named.length} others`] : named;
  const days = [];
  for (let at = Date.parse(report.from); at <= Date.parse(report.to); at += DAY_MS) days.push(dayOf(at));
  const stacks = new Map(days.map((day) => [day, { day, values: series.map(() => 0) }]));
  for (const entry of report.days) {
    const which = named.indexOf(entry.flow);
    const stack = stacks.get(entry.day);
    if (stack) stack.values[which < 0 ? series.length - 1 : which] += entry[field];
  }
  return { series, stacks: [...stacks.values()] };
}

export function Usage() {
  const asked = Number(route.value.query.get("days"));
  const days = PERIODS.includes(asked) ? asked : 30;
  const [report, setReport] = useState(/** @type {import("#api").UsageReport | null} */ (null));
  const [error, setError] = useState("");
  useEffect(() => {
    const query = { from: dayOf(Date.now() - (days - 1) * DAY_MS), to: dayOf(Date.now()) };
    call("GET", "/usage", { query }).then(({ data }) => (setReport(data), setError("")), (raised) => setError(wordsOf(raised)));
  }, [days]);
  return html`<div class="page">
    <header class="page-head"><h1>Usage</h1>
      <div class="tabs" role="group" aria-label="Period">${PERIODS.map((each) => html`<button key=${each} type="button" aria-pressed=${each === days} onClick=${() => refine({ days: String(each) })}>${each} days</button>`)}</div>
      <span class="quiet">days in UTC; a job counts on the day it ends</span></header>
    <${Problem} error=${error} />
    ${report?.budget && html`<${Limits} budget=${report.budget} />`}
    ${report ? html`<${Report} report=${report} />` : html`<p class="quiet loading" role="status">Loading usage …</p>`}
  </div>`;
}

/** A monthly limit as a bar of what is used. */
function Share({ name, most, left, shown }) {
  const used = most - left;
  return html`<div class="share"><div class="share-said"><b>${name}</b><span>${shown(used)} of ${shown(most)} used, ${shown(left)} left</span></div>
    <progress class=${left <= 0 ? "bad" : ""} max=${Math.max(most, 1e-9)} value=${used} aria-label=${name}></progress></div>`;
}

/**
 * The budget of the month with what is left of it, and the limits on jobs that have not ended.
 *
 * @param {{budget: import("#api").OrgLimits}} properties
 */
export function Limits({ budget }) {
  const month = new Date(`${budget.month}-01T00:00:00Z`).toLocaleDateString(undefined, { month: "long", year: "numeric", timeZone: "UTC" });
  const isFull = (name) => Boolean(budget.reached?.includes(name));
  const limit = (count, name) => html`<span class=${isFull(name) ? "bad" : ""}>${whole(count)}${isFull(name) ? ", reached: new jobs are refused until some end" : ""}</span>`;
  const hasBudget = budget.jobs !== undefined || budget.usd !== undefined;
  return html`<${Section} title="Limits" aside=${html`<span class="quiet">${month}</span>`}>
    ${budget.isUsedUp && html`<p class="problem" role="status">The budget of this month is used up: new jobs are refused. The operator of this deployment can raise it.</p>`}
    ${budget.jobs !== undefined && html`<${Share} name="Jobs" most=${budget.jobs} left=${budget.jobsLeft} shown=${whole} />`}
    ${budget.usd !== undefined && html`<${Share} name="Cost" most=${budget.usd} left=${budget.usdLeft} shown=${usd} />`}
    <dl class="facts">${!hasBudget && html`<div><dt>Monthly budget</dt><dd>none</dd></div>`}
      ${budget.unfinishedJobs !== undefined && html`<div><dt>Unfinished jobs</dt><dd>at most ${limit(budget.unfinishedJobs, "unfinished")}</dd></div>`}
      ${budget.laterJobs !== undefined && html`<div><dt>For later</dt><dd>at most ${limit(budget.laterJobs, "later")}</dd></div>`}</dl>
  <//>`;
}

/** @param {{report: import("#api").UsageReport}} properties */
function Report({ report }) {
  const { total } = report;
  if (!total.jobs) return html`<${Empty} title="No job has ended in this period"><p>Usage appears within a minute of a job's end.</p><//>`;
  return html`<div class="figures wide-figures">
      <${Figure} name="Jobs" value=${whole(total.jobs)} /><${Figure} name="Estimated cost" value=${usd(total.costUsd)} />
      <${Figure} name="Failed" value=${`${((100 * total.failed) / total.jobs).toFixed(1)} %`} isBad=${total.failed > 0} />
      <${Figure} name="Attempts" value=${whole(total.attempts)} /><${Figure} name="Compute" value=${`${Math.round(total.gbSeconds).toLocaleString()} GB s`} />
    </div>
    <div class="halves even">
      <${Section} title="Jobs by day"><${Chart} ...${stacksOf(report, "jobs")} shown=${whole} label="Jobs" /><//>
      <${Section} title="Cost by day"><${Chart} ...${stacksOf(report, "costUsd")} shown=${usd} label="Cost" /><//>
    </div>
    <${Section} title="By flow"><${ByFlow} report=${report} /><//>`;
}

/** @param {{report: import("#api").UsageReport}} properties */
function ByFlow({ report }) {
  const flows = new Map();
  for (const entry of report.days) {
    const sum = flows.get(entry.flow) ?? { jobs: 0, failed: 0, attempts: 0, gbSeconds: 0, costUsd: 0 };
    for (const name of Object.keys(sum)) sum[name] += entry[name];
    flows.set(entry.flow, sum);
  }
  const rows = [...flows].sort(([, a], [, b]) => b.costUsd - a.costUsd);
  return html`<div class="scroll" tabindex="0" role="group" aria-label="Usage by flow"><table>
    <thead><tr>${["Flow", "Jobs", "Failed", "Attempts", "GB s", "Cost"].map((name) => html`<th key=${name} scope="col">${name}</th>`)}</tr></thead>
    <tbody>${rows.map(([flow, sum]) => html`<tr key=${flow}><th scope="row"><a href=${`#/flows/${flow}`}>${flow}</a></th><td>${whole(sum.jobs)}</td>
      <td>${whole(sum.failed)}</td><td>${whole(sum.attempts)}</td><td>${sum.gbSeconds.toFixed(1)}</td><td>${usd(sum.costUsd)}</td></tr>`)}</tbody>
  </table></div>`;
}

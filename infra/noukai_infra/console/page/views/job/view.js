/** One job: what it does now, what happened, its log, its input and its output. */

import { html, useEffect, useState } from "../../core/dom.js";
import { call, wordsOf } from "../../core/api.js";
import { usePolling } from "../../core/polling.js";
import { go, hrefOf } from "../../core/router.js";
import { between } from "../../core/time.js";
import { Copy, Empty, Progress, Section, State, Text, Time } from "../../parts/basics.js";
import { isTyping } from "../../parts/keys.js";
import { isOver } from "../jobs/store.js";
import { Actions } from "./actions.js";
import { AsCode } from "./as_code.js";
import { Failure } from "./failure.js";
import { Input, useInput } from "./input.js";
import { Log } from "./log.js";
import { Output } from "./output.js";
import { Timeline } from "./timeline.js";

const PAUSE = 2000;

/** The job and its events, asked for until it has ended and its code has stopped. @param {string} id */
function useJob(id) {
  const [job, setJob] = useState(/** @type {import("#api").Job | null} */ (null));
  const [events, setEvents] = useState(/** @type {import("#api").Event[]} */ ([]));
  const [error, setError] = useState("");
  const [turn, setTurn] = useState(0);
  usePolling(async (signal) => {
    try {
      const { data, wait } = await call("GET", `/jobs/${encodeURIComponent(id)}`, { signal, exact: ["result"] });
      const timeline = await call("GET", `/jobs/${encodeURIComponent(id)}/events`, { signal });
      setJob(data);
      setEvents(timeline.data.events);
      setError("");
      return isOver(data) ? null : wait || PAUSE;
    } catch (/** @type {any} */ raised) {
      if (!signal.aborted && !raised.passes) setError(wordsOf(raised));
      throw raised;
    }
  }, [id, turn]);
  return { job, events, error, again: () => setTurn(turn + 1), setJob };
}

/** Escape leads back to the list. */
function useWayBack() {
  useEffect(() => {
    const pressed = (event) => {
      if (event.key === "Escape" && !isTyping(event) && !document.querySelector("dialog[open]")) go(["jobs"]);
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
}

/** @param {{id: string}} properties */
export function Job({ id }) {
  const { job, events, error, again } = useJob(id);
  const known = useInput(job);
  useWayBack();
  if (error) {
    return html`<${Empty} title="This job cannot be shown"><p>${error}</p>
      <p><a href="#/jobs">Back to the jobs</a></p><//>`;
  }
  if (!job) return html`<p class="quiet loading" role="status">Loading the job …</p>`;
  return html`<article class="job">
    <header class="job-head">
      <p class="way"><a href="#/jobs">Jobs</a> / <a href=${hrefOf(["jobs"], { flow: job.flow })}>${job.flow}</a></p>
      <h1><span class="mono">${job.id}</span><${Copy} text=${job.id} what="the id" /></h1>
      <div class="job-line"><${State} state=${job.state} /><${Progress} progress=${isOver(job) ? null : job.progress} />
        <${Actions} job=${job} input=${known.input} again=${again} /></div>
    </header>
    <${Timeline} job=${job} events=${events} />
    <${Failure} job=${job} />
    <div class="halves">
      <${Log} id=${job.id} attempts=${job.attempt ?? 0} />
      <div class="stack">
        <${Facts} job=${job} />
        <${Output} job=${job} />
        <${Input} job=${job} known=${known} />
        <${AsCode} flow=${job.flow} input=${known.input} />
      </div>
    </div>
  </article>`;
}

/** @param {{job: import("#api").Job}} properties */
function Facts({ job }) {
  const metadata = Object.entries(job.metadata ?? {});
  const facts = /** @type {[string, any][]} */ ([
    ["Flow", html`<a href=${`#/flows/${job.flow}`}>${job.flow}</a>`],
    ["Submitted", html`<${Time} at=${job.createdAt} />`],
    ["Started", html`<${Time} at=${job.startedAt} />`],
    ["Ended", html`<${Time} at=${job.completedAt} />`],
    job.stoppedAt && ["Code stopped", html`<${Time} at=${job.stoppedAt} />`],
    ["Waited", between(job.createdAt, job.startedAt ?? job.completedAt)],
    ["Ran", job.startedAt ? between(job.startedAt, job.completedAt) : "–"],
    ["Attempt", job.attempt ? `${job.attempt} of ${job.maxAttempts}` : `none yet, at most ${job.maxAttempts ?? "?"}`],
    job.retryOf && ["Retry of", html`<a class="mono" href=${hrefOf(["jobs", job.retryOf])}>${job.retryOf}</a>`],
    ["Kept until", html`<${Time} at=${job.expiresAt} />`],
  ].filter(Boolean));
  return html`<${Section} title="Facts">
    <dl class="facts">${facts.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
    ${metadata.length > 0 && html`<h3>Metadata</h3><dl class="facts">
      ${metadata.map(([name, value]) => html`<div key=${name}><dt><${Text}>${name}<//></dt><dd><${Text}>${value}<//></dd></div>`)}</dl>`}
  <//>`;
}

/** How the jobs of a flow went lately: run times, and the share that failed. */

import { html, useState } from "../../core/dom.js";
import { call, wordsOf } from "../../core/api.js";
import { usePolling } from "../../core/polling.js";
import { hrefOf } from "../../core/router.js";
import { duration, relative } from "../../core/time.js";
import { counted } from "../../core/text.js";
import { Problem, Section } from "../../parts/basics.js";

const SAMPLE = 60;

export function Recent({ flow }) {
  const [jobs, setJobs] = useState(/** @type {any[] | null} */ (null));
  const [error, setError] = useState("");
  usePolling(async (signal) => {
    try {
      setJobs((await call("GET", `/seq/${flow}/jobs`, { query: { limit: SAMPLE }, signal })).data.jobs);
      setError("");
    } catch (raised) {
      if (!signal.aborted) setError(wordsOf(raised));
      throw raised;
    }
    return null;
  }, [flow]);
  if (!jobs) return html`<${Section} title="Lately"><${Problem} error=${error} /><p class="quiet spark">Loading …</p><//>`;
  const ended = jobs.filter((job) => job.completedAt && job.startedAt);
  const times = ended.map((job) => Math.max(0, Date.parse(job.completedAt) - Date.parse(job.startedAt)));
  const failed = ended.filter((job) => job.state === "failed").length;
  if (!ended.length) return html`<${Section} title="Lately"><p class="quiet spark">No job of this flow has ended yet.</p><//>`;
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share) => duration(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]);
  const most = Math.max(...times, 1);
  return html`<${Section} title="Lately" aside=${html`<span class="quiet">the last ${counted(ended.length, "job")}</span>`}>
    <div class="figures"><${Figure} name="Half ran within" value=${at(0.5)} /><${Figure} name="95 of 100 within" value=${at(0.95)} />
      <${Figure} name="Failed" value=${`${Math.round((100 * failed) / ended.length)} %`} isBad=${failed > 0} /></div>
    <ol class="spark" aria-label="Run times, oldest first">${ended.map((job, index) => html`<li key=${job.id}><a class=${job.state} href=${hrefOf(["jobs", job.id])}
      style=${{ blockSize: `${Math.max(6, (100 * times[index]) / most)}%` }} title=${`${job.state} after ${duration(times[index])}, ${relative(job.createdAt)}`}
      aria-label=${`${job.state} after ${duration(times[index])}`}></a></li>`).reverse()}</ol>
  <//>`;
}

export function Figure({ name, value, isBad = false }) {
  return html`<div class="key-figure"><span class="quiet">${name}</span><b class=${isBad ? "bad" : ""}>${value}</b></div>`;
}

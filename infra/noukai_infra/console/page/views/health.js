/** The health of the deployment, for its operator: what waits, runs and fails by worker kind. */

import { html, useState } from "../core/dom.js";
import { call, wordsOf } from "../core/api.js";
import { usePolling } from "../core/polling.js";
import { Problem, Section, Time } from "../parts/basics.js";
import { Figure } from "./flows/recent.js";

const PAUSE_MS = 15_000;
const OLD_SECONDS = 3600;
const COLUMNS = ["Worker kind", "Waiting", "Running", "Delayed", "Oldest message", "Ended in the last hour", "Failed of them"];

/** @param {number} seconds */
export function ageOf(seconds) {
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`;
}

export function Health() {
  const [report, setReport] = useState(/** @type {import("#api").Health | null} */ (null));
  const [error, setError] = useState("");
  usePolling(async (signal) => {
    try {
      setReport((await call("GET", "/health", { signal })).data);
      setError("");
    } catch (raised) {
      if (!signal.aborted) setError(wordsOf(raised));
      throw raised;
    }
    return PAUSE_MS;
  }, []);
  return html`<div class="page">
    <header class="page-head"><h1>Health</h1><span class="quiet">of the whole deployment, every 15 seconds${report && html`; as of <${Time} at=${report.checkedAt} />`}</span></header>
    <${Problem} error=${error} />
    ${report ? html`<${Report} report=${report} />` : !error && html`<p class="quiet loading" role="status">Loading the health …</p>`}
  </div>`;
}

/** @param {{report: import("#api").Health}} properties */
function Report({ report }) {
  const { deadLetters, unprocessed, workers } = report;
  return html`<div class="figures wide-figures">
      <${Figure} name="Dead letters" value=${deadLetters ? `${deadLetters.toLocaleString()}, being settled` : "none"} isBad=${deadLetters > 0} />
      <${Figure} name="Unprocessed" value=${unprocessed ? `${unprocessed.toLocaleString()}, for the operator` : "none"} isBad=${unprocessed > 0} />
    </div>
    <${Section} title="By worker kind"><div class="scroll" tabindex="0" role="group" aria-label="Health by worker kind"><table>
      <thead><tr>${COLUMNS.map((name) => html`<th key=${name} scope="col">${name}</th>`)}</tr></thead>
      <tbody>${workers.map((worker) => html`<${Worker} key=${worker.workerKind} worker=${worker} />`)}</tbody>
    </table></div><//>`;
}

/** What CloudWatch does not know is a dash. @param {{worker: import("#api").WorkerHealth}} properties */
function Worker({ worker }) {
  const { oldestSeconds: age, jobs, failures } = worker;
  const isOld = (age ?? 0) >= OLD_SECONDS;
  const shown = (value) => value?.toLocaleString() ?? "–";
  return html`<tr><th scope="row">${worker.workerKind}</th>
    ${[worker.waiting, worker.running, worker.delayed].map((count) => html`<td>${shown(count)}</td>`)}
    <td class=${isOld ? "bad" : ""}>${age === undefined ? "–" : `${ageOf(age)}${isOld ? ", old" : ""}`}</td>
    <td>${shown(jobs)}</td><td class=${failures ? "bad" : ""}>${shown(failures)}</td></tr>`;
}

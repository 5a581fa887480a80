/** The input of a job: known to this tab if it was submitted here, else asked for where the API keeps it. */

import { html, useEffect, useState } from "../../core/dom.js";
import { call, wordsOf } from "../../core/api.js";
import { serverNow } from "../../core/time.js";
import { Problem, Section } from "../../parts/basics.js";
import { Large } from "../../parts/large.js";
import { Value } from "../../parts/tree.js";
import { inputOf, remember } from "../flows/draft.js";

/** @typedef {{input: any, large: any, error: string, isAsking: boolean, ask: () => void, take: (content: any) => void}} JobInput */

const BACK_MS = 60_000;
const ON_REQUEST = {
  pending: "It travels with the job. If the job waits for a time more than 15 minutes ahead, it can be shown.",
  cancelled: "It is kept as soon as a worker has seen the message of the cancelled job.",
};

const NOTHING = { input: null, large: null, error: "", isAsking: false };

/**
 * The input of a job as far as it is known. That of a failed or cancelled job is asked for at once, since it
 * is kept for a retry; another only on request.
 *
 * @param {import("#api").Job | null} job @returns {JobInput}
 */
export function useInput(job) {
  const [found, setFound] = useState(/** @type {any} */ (NOTHING));
  const isKept = job ? isKeptBy(job) : false;
  const id = job?.id ?? "";
  const take = (content) => {
    remember(id, valuesOf(content));
    setFound({ ...NOTHING, input: inputOf(id) });
  };
  const ask = async () => {
    setFound({ ...NOTHING, isAsking: true });
    try {
      const { data } = await call("GET", `/jobs/${id}/input`, { exact: ["message", "parameters"] });
      if (data.inputUrl) setFound({ ...NOTHING, large: data });
      else take(data);
    } catch (raised) {
      setFound({ ...NOTHING, error: wordsOf(raised) });
    }
  };
  useEffect(() => {
    setFound({ ...NOTHING, input: inputOf(id) });
    if (isKept && !inputOf(id)) ask();
  }, [id, isKept]);
  return { ...found, ask, take };
}

/** The input of a cancelled job is kept when a worker has seen its message. @param {import("#api").Job} job */
function isKeptBy(job) {
  return job.state === "failed" || (job.state === "cancelled" && serverNow() - Date.parse(job.completedAt ?? "") > BACK_MS);
}

/** @param {{job: import("#api").Job, known: JobInput}} properties */
export function Input({ job, known }) {
  return html`<${Section} title="Input"><${Content} job=${job} known=${known} /><//>`;
}

/** @param {{job: import("#api").Job, known: JobInput}} properties */
function Content({ job, known }) {
  const { input, large, error, isAsking, ask, take } = known;
  const name = `${job.id}-input`;
  if (input) {
    const given = valuesOf(input);
    return Object.keys(given).length ? html`<${Value} value=${given} name=${name} />` : html`<p class="quiet">It has no input.</p>`;
  }
  if (large) return html`<${Large} url=${large.inputUrl} bytes=${large.inputBytes} name=${name} take=${take} />`;
  if (isAsking) return html`<p class="quiet" role="status">Loading the input …</p>`;
  if (error) return html`<${Problem} error=${error} /><div class="buttons"><button type="button" onClick=${ask}>Look again</button></div>`;
  const text = ON_REQUEST[job.state];
  if (!text) return html`<p class="quiet">It travels with the job, and is kept only if the job fails or is cancelled.</p>`;
  return html`<p class="quiet">${text}</p><div class="buttons"><button type="button" onClick=${ask}>Show</button></div>`;
}

/** The flow's arguments: the message is one of them. @param {any} input */
export function valuesOf(input) {
  const { message, parameters } = input ?? {};
  return { ...(message === undefined || message === null ? {} : { message }), ...parameters };
}

/** The input of a job: known to this tab if it was submitted here, else asked for where the API keeps it. */

import { html, useEffect, useState } from "../../core/dom.js";
import { call, wordsOf } from "../../core/api.js";
import { Problem, Section } from "../../parts/basics.js";
import { Large } from "../../parts/large.js";
import { Value } from "../../parts/tree.js";
import { inputOf, remember } from "../flows/draft.js";

/** @typedef {{input: any, large: any, error: string, isAsking: boolean, ask: () => void, take: (content: any) => void}} JobInput */

const NOTHING = { input: null, large: null, error: "", isAsking: false };

/**
 * The input of a job as far as it is known. That of a failed or cancelled job is asked for at once, since it
 * is kept for a retry; another only on request.
 *
 * @param {any} job @returns {JobInput}
 */
export function useInput(job) {
  const [found, setFound] = useState(/** @type {any} */ (NOTHING));
  const isKept = job?.state === "failed" || job?.state === "cancelled";
  const take = (content) => {
    remember(job.id, valuesOf(content));
    setFound({ ...NOTHING, input: inputOf(job.id) });
  };
  const ask = async () => {
    setFound({ ...NOTHING, isAsking: true });
    try {
      const { data } = await call("GET", `/jobs/${job.id}/input`, { exact: ["message", "parameters"] });
      if (data.inputUrl) setFound({ ...NOTHING, large: data });
      else take(data);
    } catch (raised) {
      setFound({ ...NOTHING, error: wordsOf(raised) });
    }
  };
  useEffect(() => {
    setFound({ ...NOTHING, input: job ? inputOf(job.id) : null });
    if (job && isKept && !inputOf(job.id)) ask();
  }, [job?.id, isKept]);
  return { ...found, ask, take };
}

/** @param {{job: any, known: JobInput}} properties */
export function Input({ job, known }) {
  return html`<${Section} title="Input"><${Content} job=${job} known=${known} /><//>`;
}

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
  if (job.state === "pending") {
    return html`<p class="quiet">It travels with the job. If the job waits for a time more than 15 minutes ahead, it can be shown.</p>
      <div class="buttons"><button type="button" onClick=${ask}>Show</button></div>`;
  }
  return html`<p class="quiet">It travels with the job, and is kept only if the job fails or is cancelled.</p>`;
}

/** The flow's arguments: the message is one of them. @param {any} input */
export function valuesOf(input) {
  const { message, parameters } = input ?? {};
  return { ...(message === undefined || message === null ? {} : { message }), ...parameters };
}

/** The flows of the deployment, asked for once. */

import { effect, signal } from "../../core/dom.js";
import { call, wordsOf } from "../../core/api.js";
import { usePolling } from "../../core/polling.js";
import { key } from "../../core/session.js";

/** @typedef {Omit<import("#api").Flow, "input" | "output"> & {input: any, output?: any}} Flow */

/** @type {{value: Flow[] | null}} */
export const flows = signal(null);

/** Why they cannot be shown; empty if they can. */
export const flowsProblem = signal("");

// Another key may be of another org.
effect(() => {
  if (!key.value) flows.value = null;
});

/** @type {Promise<void> | null} */
let asking = null;

/** Return the flows; none until they are known. @returns {Flow[]} */
export function useFlows() {
  usePolling(async () => {
    asking ??= load().finally(() => {
      asking = null;
    });
    if (!flows.value) await asking;
    return null;
  }, []);
  return flows.value ?? [];
}

async function load() {
  if (flows.value) return;
  const owner = key.value;
  try {
    const { data } = await call("GET", "/flows");
    if (key.value === owner) flows.value = data.flows;
    flowsProblem.value = "";
  } catch (/** @type {any} */ raised) {
    if (!raised.passes) flowsProblem.value = wordsOf(raised);
    throw raised;
  }
}

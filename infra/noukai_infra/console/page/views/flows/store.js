/** The flows of the deployment, asked for once. */

import { signal, useEffect } from "../../core/dom.js";
import { call } from "../../core/api.js";

/** @typedef {Omit<import("#api").Flow, "input" | "output"> & {input: any, output?: any}} Flow */

/** @type {{value: Flow[] | null}} */
export const flows = signal(null);

let isAsked = false;

/** Return the flows; none until they are known. @returns {Flow[]} */
export function useFlows() {
  useEffect(() => {
    load();
  }, []);
  return flows.value ?? [];
}

async function load() {
  if (isAsked) return;
  isAsked = true;
  try {
    flows.value = (await call("GET", "/flows")).data.flows;
  } catch {
    isAsked = false;
    setTimeout(load, 5000);
  }
}

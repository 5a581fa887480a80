/** A list that is asked for when its view opens, and again after a change. */

import { useState } from "../../core/dom.js";
import { call, wordsOf } from "../../core/api.js";
import { usePolling } from "../../core/polling.js";

const PAUSE_MS = 10_000;

/** @param {string} path @param {Record<string, any>} [query] @returns {{data: any, error: string, again: () => void}} */
export function useAnswer(path, query = {}) {
  const [data, setData] = useState(/** @type {any} */ (null));
  const [error, setError] = useState("");
  const [turn, setTurn] = useState(0);
  usePolling(async (signal) => {
    try {
      setData((await call("GET", path, { query, signal, exact: ["parameters"] })).data);
      setError("");
      return PAUSE_MS;
    } catch (/** @type {any} */ raised) {
      if (!signal.aborted && !raised.passes) setError(wordsOf(raised));
      throw raised;
    }
  }, [path, JSON.stringify(query), turn]);
  return { data, error, again: () => setTurn((old) => old + 1) };
}

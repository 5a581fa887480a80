/** Asking again and again: one request at a time, none from a hidden tab, at the server's pace. */

import { useEffect, useRef } from "./dom.js";

const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 30_000;

/**
 * Ask while the component is shown. `ask` returns the milliseconds until it is called next, or null for never.
 * What fails in passing is asked again with growing pauses; what is refused is not.
 *
 * @param {(signal: AbortSignal) => Promise<number | null>} ask
 * @param {unknown[]} inputs
 */
export function usePolling(ask, inputs) {
  const latest = useRef(ask);
  latest.current = ask;
  useEffect(() => poll((signal) => latest.current(signal)), inputs);
}

/** @param {(signal: AbortSignal) => Promise<number | null>} ask @returns {() => void} */
function poll(ask) {
  const ended = new AbortController();
  let timer = 0;
  let failures = 0;
  let due = 0;
  let isAsking = false;

  async function turn() {
    if (ended.signal.aborted || isAsking || document.hidden) return;
    clearTimeout(timer);
    isAsking = true;
    const pause = await pauseAfter();
    isAsking = false;
    if (pause === null || ended.signal.aborted) return;
    due = Date.now() + pause;
    timer = setTimeout(turn, pause);
  }

  async function pauseAfter() {
    try {
      const pause = await ask(ended.signal);
      failures = 0;
      return pause;
    } catch (/** @type {any} */ raised) {
      if (ended.signal.aborted || !raised.passes) return null;
      failures += 1;
      return raised.wait || Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(failures, 5));
    }
  }

  /** A tab that is seen again asks at once, but no sooner than the server has said. */
  function wake() {
    if (document.hidden || isAsking) return;
    clearTimeout(timer);
    timer = setTimeout(turn, failures ? 0 : Math.max(0, due - Date.now()));
  }

  document.addEventListener("visibilitychange", wake);
  addEventListener("online", wake);
  turn();
  return () => {
    ended.abort();
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", wake);
    removeEventListener("online", wake);
  };
}

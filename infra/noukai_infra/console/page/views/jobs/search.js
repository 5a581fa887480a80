/**
 * The search for jobs. The API has no index of metadata, and a page of a filtered list may be empty: the page
 * loads on until it has found enough.
 */

import { html, useEffect, useRef, useState } from "../../core/dom.js";
import { wordsOf } from "../../core/api.js";
import { notify } from "../../core/notices.js";
import { counted } from "../../core/text.js";
import { Time } from "../../parts/basics.js";
import { hasMetadata } from "./store.js";

const ENOUGH = 40;
const TYPING_MS = 400;

/** @typedef {{isLooking: boolean, further: () => void}} Search */

/** @param {import("./store.js").JobList} list @param {string} metadata @returns {Search} */
export function useSearch(list, metadata) {
  const matches = (job) => !metadata || hasMetadata(job, metadata);
  const enough = metadata ? ENOUGH : 1;
  const [isLooking, setLooking] = useState(false);
  const current = useRef(new AbortController());
  const isLoaded = list.isLoaded.value;
  const look = async (known, ended) => {
    setLooking(true);
    try {
      await list.search(matches, known + enough, ended.signal);
    } catch (raised) {
      if (!ended.signal.aborted) notify(wordsOf(raised), { isError: true });
    }
    if (current.current === ended) setLooking(false);
  };
  useEffect(() => {
    const ended = new AbortController();
    current.current = ended;
    const isSought = isLoaded && (metadata || !list.jobs.value.length);
    const timer = isSought ? setTimeout(() => look(0, ended), TYPING_MS) : 0;
    return () => {
      clearTimeout(timer);
      ended.abort();
      setLooking(false);
    };
  }, [list, metadata, isLoaded]);
  const further = () => look(list.jobs.value.filter(matches).length, current.current);
  return { isLooking, further };
}

/** How far the page has looked, and a way on. @param {{list: import("./store.js").JobList, search: Search}} properties */
export function Looked({ list, search }) {
  const jobs = list.jobs.value;
  const oldest = jobs[jobs.length - 1];
  if (list.isComplete.value) return html`Looked at all ${counted(jobs.length, "job")} that there are.`;
  return html`Looked at ${counted(jobs.length, "job")}${oldest && html` since <${Time} at=${oldest.createdAt} />`}.
    ${search.isLooking ? html` <span role="status">Looking further back …</span>` : html` <button type="button" class="plain" onClick=${search.further}>Look further</button>`}`;
}

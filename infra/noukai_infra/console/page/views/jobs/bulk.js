/** What is done with many selected jobs: only with those that are eligible now. */

import { html } from "../../core/dom.js";
import { call, wordsOf } from "../../core/api.js";
import { notify } from "../../core/notices.js";
import { counted } from "../../core/text.js";
import { may } from "../../core/session.js";
import { ask } from "../../parts/dialog.js";
import { isOver } from "./store.js";

const AT_ONCE = 4;

/** @param {string[]} ids @param {(id: string) => Promise<unknown>} act */
async function forEach(ids, act) {
  const errors = [];
  const waiting = [...ids];
  const work = async () => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      await act(id).catch((raised) => errors.push(wordsOf(raised)));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return errors;
}

/** @param {string} past @param {string[]} ids @param {string[]} errors */
function report(past, ids, errors) {
  const done = ids.length - errors.length;
  if (done) notify(`${counted(done, "job")} ${past}.`);
  if (errors.length) notify(`${counted(errors.length, "job")} not ${past}: ${errors[0]}`, { isError: true });
}

/** @param {{list: any, selected: Set<string>, clear: () => void}} properties */
export function Bulk({ list, selected, clear }) {
  const jobs = list.jobs.value.filter((job) => selected.has(job.id));
  const open = jobs.filter((job) => !isOver(job)).map((job) => job.id);
  const ended = jobs.filter((job) => job.state === "failed" || job.state === "cancelled").map((job) => job.id);
  const cancel = () => ask({
    title: `Cancel ${counted(open.length, "job")}?`,
    text: "Their flows are asked to stop. Ended jobs stay as they are.",
    verb: `Cancel ${counted(open.length, "job")}`,
    isGrave: true,
    act: async () => {
      const errors = await forEach(open, async (id) => {
        const { data } = await call("POST", `/jobs/${id}/cancel`);
        list.replace(new Map([[id, data]]));
      });
      report("cancelled", open, errors);
      clear();
    },
  });
  const retry = () => ask({
    title: `Retry ${counted(ended.length, "job")}?`,
    text: "Each one's input is submitted again as a new job. Retrying a job twice makes one.",
    verb: `Retry ${counted(ended.length, "job")}`,
    act: async () => {
      report("submitted again", ended, await forEach(ended, (id) => call("POST", `/jobs/${id}/retry`)));
      clear();
    },
  });
  return html`<div class="bulk" role="toolbar" aria-label="Selected jobs">
    <b>${counted(jobs.length, "job")} selected</b>
    ${may("cancel") && html`<button type="button" disabled=${!open.length} onClick=${cancel}
      title=${open.length ? "" : "None of them waits or runs"}>Cancel ${open.length}</button>`}
    ${may("submit", "read") && html`<button type="button" disabled=${!ended.length} onClick=${retry}
      title=${ended.length ? "" : "None of them has failed or was cancelled"}>Retry ${ended.length}</button>`}
    <button type="button" class="plain" onClick=${clear}>Clear</button>
  </div>`;
}

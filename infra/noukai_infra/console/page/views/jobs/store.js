/** The loaded jobs of the list, and how they stay current. */

import { batch, signal } from "../../core/dom.js";
import { call } from "../../core/api.js";
import { who } from "../../core/session.js";

const PAGE = 50;
const SEARCHED_PAGE = 100;
const MOST_PAGES = 20;
const NEWEST = 20;
const MOST_STATUSES = 100;
const MOST_NEWS_PAGES = 4;
const NEWS_MS = 4000;
const TOUCH_MS = 1500;
const IDLE_MS = 2000;

/** @typedef {import("#api").Job} Job */

const TERMINAL = new Set(["completed", "failed", "cancelled"]);

/** @param {{state: string}} job */
export function isOver(job) {
  return TERMINAL.has(job.state);
}

/** The jobs of one filter. A new filter has a new list, so that no late answer lands in it. */
export class JobList {
  /** @param {Record<string, string>} filter */
  constructor(filter) {
    this.filter = filter;
    /** @type {{value: Job[]}} */
    this.jobs = signal([]);
    /** Jobs that came while the reader was further down. @type {{value: Job[]}} */
    this.fresh = signal([]);
    this.isLoaded = signal(false);
    this.isComplete = signal(false);
    /** The cursor behind `fresh`, if jobs between them and the list are not loaded. @type {string | undefined} */
    this.gap = undefined;
    this.isAtTop = true;
    /** A selection or the pointer is in the list: new rows would move what it is on. */
    this.isHeld = false;
    this.touchedAt = 0;
    /** Where the reader was, for the way back from a job. */
    this.place = { top: 0, focused: "" };
    /** What a search of the page leaves of the jobs. @type {Job[]} */
    this.shown = [];
    /** The rows of these in view. */
    this.seen = { first: 0, last: 40 };
    /** @type {string | undefined} */
    this.cursor = undefined;
    /** @type {Promise<void> | null} */
    this.loading = null;
    /** A further page was asked for and did not come: `refresh` asks again. */
    this.isMissing = false;
    this.newsAt = 0;
    this.statusesAt = 0;
  }

  /** @param {number} limit @param {string} [cursor] @param {AbortSignal} [signal] */
  async page(limit, cursor, signal) {
    const { flow, state, from, to } = this.filter;
    const path = flow ? `/seq/${flow}/jobs` : `/seq/${who.value?.org}/jobs`;
    const query = { state, createdAfter: from, createdBefore: to, limit, cursor };
    return (await call("GET", path, { query, signal })).data;
  }

  /** Load further jobs; only a page without a cursor is the last. */
  async more(limit = PAGE) {
    if (this.isComplete.value) return;
    this.loading ??= this.#load(limit).finally(() => {
      this.loading = null;
    });
    await this.loading;
  }

  /** @param {number} limit */
  async #load(limit) {
    this.isMissing = true;
    const page = await this.page(limit, this.cursor);
    this.isMissing = false;
    batch(() => {
      this.cursor = page.cursor;
      this.jobs.value = merged(this.jobs.value, page.jobs);
      this.isComplete.value = page.cursor === undefined;
      this.isLoaded.value = true;
    });
  }

  /**
   * Load further jobs until enough of all match; ends after a bounded number of requests.
   *
   * @param {(job: Job) => boolean} matches @param {number} enough @param {AbortSignal} signal
   */
  async search(matches, enough, signal) {
    for (let asked = 0; asked < MOST_PAGES && !this.isComplete.value && !signal.aborted; asked++) {
      if (this.jobs.value.filter(matches).length >= enough) return;
      await this.more(SEARCHED_PAGE);
    }
  }

  /** Bring what is visible up to date; return the milliseconds until the next time. @param {AbortSignal} signal */
  async refresh(signal) {
    if (!this.isLoaded.value) {
      await this.more();
      this.newsAt = Date.now() + NEWS_MS;
      return IDLE_MS;
    }
    if (this.isMissing) await this.more();
    if (Date.now() >= this.statusesAt) this.statusesAt = Date.now() + (await this.#statuses(signal));
    if (Date.now() >= this.newsAt) {
      this.newsAt = Date.now() + NEWS_MS;
      await this.#news(signal);
    }
    return Math.max(200, Math.min(this.newsAt, this.statusesAt) - Date.now());
  }

  /** @param {AbortSignal} signal */
  async #statuses(signal) {
    const { first, last } = this.seen;
    const ids = this.shown.slice(first, last + 1).filter((job) => !isOver(job)).map((job) => job.id);
    if (ids.length === 0) return NEWS_MS;
    const { data } = await call("POST", "/jobs/status", { body: { ids: ids.slice(0, MOST_STATUSES) }, signal });
    const found = new Map(data.jobs.filter((entry) => entry.job).map((entry) => [entry.id, entry.job]));
    this.replace(found);
    const waits = data.jobs.map((entry) => entry.retryAfterMs).filter(Boolean);
    return waits.length ? Math.min(...waits) : IDLE_MS;
  }

  /** Ask what these jobs are now; one that cannot be read any more is left out. @param {string[]} ids */
  async current(ids) {
    const found = new Map();
    for (let at = 0; at < ids.length; at += MOST_STATUSES) {
      const { data } = await call("POST", "/jobs/status", { body: { ids: ids.slice(at, at + MOST_STATUSES) } });
      for (const { id, job } of data.jobs) if (job) found.set(id, job);
    }
    this.replace(found);
    return found;
  }

  /** @param {Map<string, Job>} found */
  replace(found) {
    this.jobs.value = this.jobs.value.map((job) => {
      const current = found.get(job.id);
      // A list is eventually consistent: an older answer must not undo a newer one.
      return current && !(isOver(job) && !isOver(current)) ? { ...job, ...current, result: undefined } : job;
    });
  }

  /** Look for new jobs back to those that are known. @param {AbortSignal} signal */
  async #news(signal) {
    const known = new Set([...this.jobs.value, ...this.fresh.value].map((job) => job.id));
    const found = [];
    let cursor;
    for (let pages = 0; pages < MOST_NEWS_PAGES; pages++) {
      const page = await this.page(pages ? PAGE : NEWEST, cursor, signal);
      found.push(...page.jobs);
      cursor = page.cursor;
      if (cursor === undefined || page.jobs.some((job) => known.has(job.id))) return this.#take(found);
    }
    // So many came that some are not loaded: the list begins anew rather than hide them.
    this.gap = cursor;
    this.fresh.value = [];
    return this.#take(found);
  }

  /** Live changes do not move what one reads. @param {Job[]} found */
  #take(found) {
    const known = new Set(this.jobs.value.map((job) => job.id));
    this.replace(new Map(found.map((job) => [job.id, job])));
    const fresh = found.filter((job) => !known.has(job.id));
    this.fresh.value = merged(fresh, this.fresh.value.filter((job) => !known.has(job.id)));
    if (this.isAtTop && !this.isHeld && Date.now() - this.touchedAt > TOUCH_MS) this.showFresh();
  }

  showFresh() {
    if (this.fresh.value.length === 0) return;
    batch(() => {
      if (this.gap === undefined) this.jobs.value = merged(this.fresh.value, this.jobs.value);
      else {
        this.jobs.value = this.fresh.value;
        this.cursor = this.gap;
        this.gap = undefined;
        this.isComplete.value = false;
      }
      this.fresh.value = [];
    });
  }
}

/** Both lists, newest first; each job once. @param {Job[]} some @param {Job[]} others */
function merged(some, others) {
  const known = new Set(some.map((job) => job.id));
  return [...some, ...others.filter((job) => !known.has(job.id))];
}

/** Whether the metadata has a text; `name=value` looks into one entry. @param {Job} job @param {string} text */
export function hasMetadata(job, text) {
  const entries = Object.entries(job.metadata ?? {});
  const [name, value] = text.includes("=") ? text.split(/=(.*)/s) : [null, text];
  return entries.some(([each, held]) => (name === null ? `${each} ${held}`.includes(value) : each === name && held.includes(value)));
}

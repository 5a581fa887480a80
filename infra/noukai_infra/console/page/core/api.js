/** Requests to the API, and in words why one failed. */

import { signal } from "./dom.js";
import { parseExact, writeExact } from "./exact_json.js";
import { key, signOut } from "./session.js";
import { noteServerTime } from "./time.js";

/** @typedef {{path: string, message: string}} InputError */

const AWAY = "The API does not answer. This page tries again by itself.";
const NO_KEY = "This key is not valid, or not any more. Paste another one.";

/** A refusal of the API, or its absence; the message says what to do. */
export class ApiError extends Error {
  /** @param {number} status @param {string} message @param {{code?: string, errors?: InputError[], wait?: number}} [more] */
  constructor(status, message, more = {}) {
    super(message);
    this.status = status;
    this.code = more.code ?? "";
    this.errors = more.errors ?? [];
    this.wait = more.wait ?? 0;
  }

  /** Whether a later try may succeed. */
  get passes() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** What is wrong with the connection now; empty if nothing is. */
export const trouble = signal("");

/** @typedef {{body?: unknown, query?: Record<string, any>, signal?: AbortSignal, key?: string, exact?: string[], headers?: Record<string, string>}} Options */

/**
 * Return the answer's data, and the milliseconds after which to ask again. `exact` names the fields that hold
 * values of a job, whose numbers are kept as they are written.
 *
 * @param {string} method @param {string} path @param {Options} [options]
 * @returns {Promise<{data: any, wait: number}>}
 */
export async function call(method, path, options = {}) {
  const response = await sent(method, path, options);
  noteServerTime(response.headers.get("Date"));
  const text = await response.text();
  const wait = waitOf(response);
  if (response.ok) {
    trouble.value = "";
    return { data: text ? read(text, options.exact) : null, wait };
  }
  const error = errorOf(response, text, wait);
  if (error.status === 401 && !options.key) signOut(NO_KEY);
  if (error.passes) trouble.value = error.message;
  throw error;
}

/** @param {string} text @param {string[]} [exact] */
function read(text, exact) {
  const data = JSON.parse(text);
  if (!exact) return data;
  const whole = parseExact(text);
  return { ...data, ...Object.fromEntries(exact.filter((name) => name in whole).map((name) => [name, whole[name]])) };
}

/** @param {string} method @param {string} path @param {Options} options */
async function sent(method, path, options) {
  // A browser resolves these steps, even escaped: the request would go to another route.
  if (path.split("/").some((part) => part === "." || part === "..")) throw new ApiError(404, "There is nothing of this name.");
  const headers = new Headers({ Authorization: `Bearer ${options.key ?? key.value}`, ...options.headers });
  const body = options.body === undefined ? undefined : writeExact(options.body);
  if (body !== undefined) headers.set("Content-Type", "application/json");
  try {
    return await fetch(urlOf(path, options.query), { method, headers, body, signal: options.signal, cache: "no-store" });
  } catch (raised) {
    if (options.signal?.aborted) throw raised;
    trouble.value = navigator.onLine ? AWAY : "This machine is offline. The page goes on when it is back.";
    throw new ApiError(0, trouble.value);
  }
}

/** The page lies beside the routes: `…/api/v1/console`. @param {string} path @param {Record<string, any>} [query] */
export function urlOf(path, query = {}) {
  const url = new URL(`.${path}`, location.href.split("#")[0]);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") url.searchParams.set(name, value);
  }
  return url.href;
}

/** @param {Response} response */
function waitOf(response) {
  const exact = Number(response.headers.get("Retry-After-Ms"));
  return exact || Number(response.headers.get("Retry-After")) * 1000 || 0;
}

/** @param {Response} response @param {string} text @param {number} wait */
function errorOf(response, text, wait) {
  let detail;
  try {
    detail = JSON.parse(text).detail;
  } catch {
    // The gateway's own errors are not in our shape.
  }
  const seconds = Math.ceil((wait || 1000) / 1000);
  const message =
    response.status === 429
      ? `Too many requests for this key. The page goes on in ${seconds} s.`
      : (detail?.message ?? `The API answered ${response.status} ${response.statusText}`.trim());
  return new ApiError(response.status, message, { code: detail?.code, errors: detail?.errors, wait });
}

/** @param {unknown} raised */
export function wordsOf(raised) {
  return raised instanceof Error ? raised.message : String(raised);
}

/** The address, which holds the view: `#/jobs?state=failed`. */

import { signal } from "./dom.js";

/** @typedef {{path: string[], query: URLSearchParams}} Route */

/** @returns {Route} */
function read() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  return { path: path.split("/").filter(Boolean).map(decoded), query: new URLSearchParams(query) };
}

/** A broken escape in an address is shown as it stands. @param {string} part */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export const route = signal(read());

addEventListener("hashchange", () => {
  route.value = read();
});

/** @param {string[]} path @param {Record<string, string | undefined | null>} [query] */
export function hrefOf(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value);
  const text = new URLSearchParams(/** @type {string[][]} */ (given)).toString();
  return `#/${path.map(encodeURIComponent).join("/")}${text ? `?${text}` : ""}`;
}

/** @param {string[]} path @param {Record<string, string | undefined | null>} [query] */
export function go(path, query) {
  location.hash = hrefOf(path, query);
}

/** Change the query without a step in the history: typing in a filter makes no steps. */
export function refine(/** @type {Record<string, string | undefined | null>} */ changes) {
  const query = { ...Object.fromEntries(route.value.query), ...changes };
  history.replaceState(null, "", hrefOf(route.value.path, query));
  route.value = read();
}

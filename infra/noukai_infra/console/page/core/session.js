/** The key of this tab, and what it may do. */

import { signal } from "./dom.js";

const PLACE = "noukai-key";

/** @typedef {{name: string, org: string, scopes: string[]}} Who */

/** The key lives in this tab alone: neither other tabs nor a later visit have it, and no link carries it. */
export const key = signal(sessionStorage.getItem(PLACE) ?? "");

/** @type {{value: Who | null}} */
export const who = signal(null);

/** Why the page asks for a key again; empty at the first time. */
export const refusal = signal("");

/** @param {string} text @param {Who} owner */
export function signIn(text, owner) {
  sessionStorage.setItem(PLACE, text);
  refusal.value = "";
  who.value = owner;
  key.value = text;
}

/** @param {string} [reason] */
export function signOut(reason = "") {
  sessionStorage.removeItem(PLACE);
  refusal.value = reason;
  who.value = null;
  key.value = "";
}

/** Whether the key has a scope: what it may not do is not offered. @param {string[]} scopes */
export function may(...scopes) {
  return scopes.every((scope) => who.value?.scopes.includes(scope));
}

/** Short messages that a screen reader announces. */

import { signal } from "./dom.js";

/** @type {{value: {id: number, text: string, isError: boolean}[]}} */
export const notices = signal([]);

let last = 0;

/** @param {string} text @param {{isError?: boolean}} [options] */
export function notify(text, { isError = false } = {}) {
  const notice = { id: ++last, text, isError };
  notices.value = [...notices.value.slice(-2), notice];
  setTimeout(() => dismiss(notice.id), isError ? 12_000 : 5000);
}

/** @param {number} id */
export function dismiss(id) {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}

/** @param {string} text @param {string} what */
export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    notify(`Copied ${what}.`);
  } catch {
    notify("The browser does not let this page copy.", { isError: true });
  }
}

/** @param {string} name @param {Blob} content */
export function save(name, content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

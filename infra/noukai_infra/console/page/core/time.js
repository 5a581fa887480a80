/** Times: the server's clock, the reader's zone, and UTC beside it. */

import { signal } from "./dom.js";

let ahead = 0;

/** Take the server's clock: one of the reader's machine may be wrong. @param {string | null} date */
export function noteServerTime(date) {
  const server = Date.parse(date ?? "");
  // The header has whole seconds, so that a smaller difference says nothing.
  if (!Number.isNaN(server)) ahead = Math.abs(server - Date.now()) < 2000 ? 0 : server - Date.now();
}

export function serverNow() {
  return Date.now() + ahead;
}

/** The time now, each second while the page is visible. */
export const now = signal(serverNow());

setInterval(() => {
  if (!document.hidden) now.value = serverNow();
}, 1000);

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const DAY = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
const WHOLE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });

/** @param {string} iso */
export function localTime(iso) {
  const at = new Date(iso);
  const isToday = at.toDateString() === new Date(now.peek()).toDateString();
  return isToday ? CLOCK.format(at) : `${DAY.format(at)}, ${CLOCK.format(at)}`;
}

/** For a tooltip: local and UTC. @param {string} iso */
export function bothTimes(iso) {
  return `${WHOLE.format(new Date(iso))}\n${iso} (UTC)`;
}

/** @param {string} iso */
export function clockTime(iso) {
  return `${CLOCK.format(new Date(iso))}.${iso.slice(20, 23)}`;
}

/** @param {string} iso @param {number} [from] */
export function relative(iso, from = now.value) {
  const ms = Date.parse(iso) - from;
  return ms > 0 ? `in ${coarse(ms)}` : ms > -5000 ? "now" : `${coarse(-ms)} ago`;
}

/** @param {number} ms */
function coarse(ms) {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

/** A duration, never negative: the clocks of two machines differ. @param {number} ms */
export function duration(ms) {
  const some = Math.max(0, ms);
  if (some < 1000) return `${Math.round(some)} ms`;
  if (some < 60_000) return `${(some / 1000).toFixed(some < 10_000 ? 2 : 1)} s`;
  const seconds = Math.round(some / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  const parts = hours ? [[hours, "h"], [minutes, "min"]] : [[minutes, "min"], [seconds % 60, "s"]];
  return parts.filter(([count]) => count).map(([count, unit]) => `${count} ${unit}`).join(" ");
}

/** @param {string | undefined} start @param {string | undefined} end */
export function between(start, end) {
  return start ? duration((end ? Date.parse(end) : now.value) - Date.parse(start)) : "";
}

/** The value of a `datetime-local` field as an instant, and back. @param {string | null} iso */
export function localField(iso) {
  if (!iso || Number.isNaN(Date.parse(iso))) return "";
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

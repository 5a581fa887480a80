/**
 * JSON whose numbers survive: those that a double cannot hold are kept as they are written.
 *
 * A browser without source access to `JSON.parse` reads them as doubles.
 */

const ESCAPED = { "\u2028": "\\u2028", "\u2029": "\\u2029" };

/** @param {string} text @returns {any} */
export function parseExact(text) {
  const { rawJSON } = JSON;
  if (!rawJSON) return JSON.parse(text);
  return JSON.parse(text, (_name, value, context) =>
    typeof value === "number" && context && String(value) !== context.source ? rawJSON(context.source) : value,
  );
}

/** @param {any} value */
export function isRaw(value) {
  return typeof JSON.isRawJSON === "function" && JSON.isRawJSON(value);
}

/** The number of a form as it was typed. @param {string} text */
export function numberAsTyped(text) {
  const typed = text.trim();
  return typeof JSON.rawJSON === "function" ? JSON.rawJSON(typed) : Number(typed);
}

/** @param {any} value @param {number} [indent] */
export function writeExact(value, indent) {
  return (JSON.stringify(value, null, indent) ?? "null").replace(/[\u2028\u2029]/g, (each) => ESCAPED[each]);
}

/** Texts of jobs as a reader may see them safely: nothing invisible, and not too much at once. */

const INVISIBLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;
const COLOURS = /\u001b\[[0-9;]*[A-Za-z]/g;

/** Show marks that would reorder or hide text as their code points. @param {string} text */
export function visible(text) {
  return text.replace(INVISIBLE, (mark) => `⟨U+${(mark.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`);
}

/** Write these marks as escapes, which JSON, Python and TypeScript read alike. @param {string} code */
export function escaped(code) {
  return code.replace(INVISIBLE, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** A line of a terminal: without colours, and of what `\r` has overwritten the last state. @param {string} text */
export function lastFrame(text) {
  const plain = text.replace(COLOURS, "").replace(/\r+$/, "");
  return plain.slice(plain.lastIndexOf("\r") + 1);
}

/** @param {string} text @param {number} most */
export function shortened(text, most) {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

/** @param {number} bytes */
export function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** @param {number} count @param {string} one @param {string} [many] */
export function counted(count, one, many = `${one}s`) {
  return `${count.toLocaleString()} ${count === 1 ? one : many}`;
}

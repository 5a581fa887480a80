/** The inputs that this tab knows, and the one with which a form begins. */

/** @type {Map<string, Record<string, any>>} */
const submitted = new Map();

/** @type {{flow: string, input: any} | null} */
let draft = null;

/** Keep what a job was submitted with. @param {string} id @param {Record<string, any>} given */
export function remember(id, given) {
  submitted.set(id, given);
}

/** Return the input of a job that this tab has submitted; null for another. @param {string} id */
export function inputOf(id) {
  return submitted.has(id) ? { parameters: submitted.get(id) } : null;
}

/** @param {string} flow @param {any} input */
export function startFrom(flow, input) {
  draft = { flow, input };
}

/** Return the draft of a flow, once. @param {string} flow */
export function takeDraft(flow) {
  const taken = draft?.flow === flow ? draft.input : null;
  draft = null;
  return taken;
}

/** The input with which a form begins: that of a job that is submitted again with changes. */

/** @type {{flow: string, input: any} | null} */
let draft = null;

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

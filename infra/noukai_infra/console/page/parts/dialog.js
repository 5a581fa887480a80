/** Dialogs: a question before what cannot be undone, and forms. */

import { html, signal, useEffect, useRef, useState } from "../core/dom.js";
import { wordsOf } from "../core/api.js";
import { notify } from "../core/notices.js";
import { Problem } from "./basics.js";

/** @typedef {{title: string, text: string, verb: string, isGrave?: boolean, act: () => Promise<string | void>}} Question */

// What `act` returns is what is left to tell: the question stays open with it, and is not asked again.

/** @type {{value: Question | null}} */
export const question = signal(null);

/** @param {Question} asked */
export function ask(asked) {
  question.value = asked;
}

/** A modal dialog; Escape closes it, and the focus returns to where it was. */
export function Dialog({ title, onClose, children, class: name = "" }) {
  const place = useRef(null);
  useEffect(() => {
    const before = document.activeElement;
    place.current.showModal();
    return () => before instanceof HTMLElement && before.focus();
  }, []);
  return html`<dialog ref=${place} class=${name} aria-label=${title} onClose=${onClose} onCancel=${onClose}>
    <header class="head"><h2>${title}</h2>
      <button type="button" class="plain" onClick=${onClose} aria-label="Close">Close</button></header>
    ${children}
  </dialog>`;
}

/** The question that is asked now. The second press of its button does nothing. */
export function Questions() {
  const asked = question.value;
  return asked && html`<${Asked} key=${asked.title + asked.text} asked=${asked} />`;
}

function Asked({ asked }) {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const [isDone, setDone] = useState(false);
  const close = () => {
    question.value = null;
  };
  const act = async () => {
    setBusy(true);
    try {
      const left = await asked.act();
      if (question.value !== asked) return left && notify(left, { isError: true });
      if (!left) return close();
      setError(left);
      setDone(true);
    } catch (raised) {
      if (question.value !== asked) notify(wordsOf(raised), { isError: true });
      setError(wordsOf(raised));
      setBusy(false);
    }
    return undefined;
  };
  return html`<${Dialog} title=${isDone ? "Not all was done" : asked.title} onClose=${close}>
    ${!isDone && html`<p>${asked.text}</p>`}
    <${Problem} error=${error} />
    <footer class="buttons">
      <button type="button" onClick=${close}>${isDone ? "Close" : "Keep"}</button>
      ${!isDone && html`<button type="button" class=${asked.isGrave ? "grave" : "main"} disabled=${isBusy} onClick=${act}>
        ${isBusy ? "Working …" : asked.verb}
      </button>`}
    </footer>
  <//>`;
}

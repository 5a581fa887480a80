/** The page that asks for a key. */

import { html, useId, useState } from "../core/dom.js";
import { call, wordsOf } from "../core/api.js";
import { refusal, signIn } from "../core/session.js";
import { Problem } from "../parts/basics.js";

export function SignIn() {
  const [text, setText] = useState("");
  const [error, setError] = useState("");
  const [isBusy, setBusy] = useState(false);
  const id = useId();
  const submit = async (event) => {
    event.preventDefault();
    const typed = text.trim();
    if (!typed.startsWith("nk_")) return setError("A key begins with nk_: copy it as a whole.");
    setBusy(true);
    try {
      const { data } = await call("GET", "/console/key", { key: typed });
      signIn(typed, data);
    } catch (/** @type {any} */ raised) {
      setError(raised.status === 401 ? "This key is not known here, or is not valid any more." : wordsOf(raised));
      setBusy(false);
    }
    return undefined;
  };
  return html`<main class="first">
    <form class="card sign-in" onSubmit=${submit}>
      <h1><span class="brand">Noukai</span> console</h1>
      <label for=${id}>API key</label>
      <input id=${id} type="password" autocomplete="off" spellcheck=${false} placeholder="nk_…" autofocus
        value=${text} onInput=${(event) => setText(event.currentTarget.value)} />
      <${Problem} error=${error || refusal.value} />
      <button class="main" disabled=${isBusy || !text.trim()}>${isBusy ? "Asking …" : "Open"}</button>
      <p class="quiet">The key stays in this tab, and is forgotten when the tab closes. An operator makes one with
        <code> noukai keys create --org ORG NAME</code>.</p>
    </form>
  </main>`;
}

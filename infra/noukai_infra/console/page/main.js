/** The console's entry: renders the shell. */

import { html, render } from "./core/dom.js";
import { Shell } from "./views/shell.js";

const root = /** @type {HTMLElement} */ (document.getElementById("app"));
root.replaceChildren();
render(html`<${Shell} />`, root);

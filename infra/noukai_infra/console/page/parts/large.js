/** A large value behind a URL: loaded when it is asked for, or downloaded. */

import { html, useState } from "../core/dom.js";
import { wordsOf } from "../core/api.js";
import { parseExact } from "../core/exact_json.js";
import { size } from "../core/text.js";
import { Problem } from "./basics.js";

const SHOWN_BYTES = 5e6;

/** @param {{url: string, bytes: number, name: string, take: (content: any) => void}} properties */
export function Large({ url, bytes, name, take }) {
  const [error, setError] = useState("");
  const load = async () => {
    try {
      const response = await fetch(url);
      if (!response.ok) throw new Error("the link has expired. Load the page again for a new one.");
      take(parseExact(await response.text()));
    } catch (raised) {
      setError(`It could not be loaded: ${wordsOf(raised)}`);
    }
  };
  return html`<p>It has ${size(Number(bytes))}.</p>
    <div class="buttons">
      ${bytes <= SHOWN_BYTES && html`<button type="button" onClick=${load}>Show</button>`}
      <a class="button" href=${url} download=${`${name}.json`}>Download</a>
    </div>
    <${Problem} error=${error} />`;
}

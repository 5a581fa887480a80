/** The submission of a form: in the request, or uploaded first if it is too large for one. */

import { call } from "../../core/api.js";
import { writeExact } from "../../core/exact_json.js";

const MOST_IN_BODY = 250 * 1024;

/** @param {string} flow @param {Record<string, any>} given @param {Record<string, any>} options @param {string} key */
export async function submit(flow, given, options, key) {
  const { message, ...parameters } = given;
  // The flow's first input is a text of its own; one of another type is a parameter.
  const input = message === undefined || typeof message === "string" ? { ...(message === undefined ? {} : { message }), parameters } : { parameters: given };
  const bytes = new TextEncoder().encode(writeExact(input));
  const body = bytes.length > MOST_IN_BODY ? { input: await upload(flow, bytes, options), options } : { ...input, options };
  const { data } = await call("POST", `/seq/${flow}/jobs`, { body, headers: { "Idempotency-Key": key } });
  return data;
}

/** @param {string} flow @param {Uint8Array<ArrayBuffer>} bytes @param {Record<string, any>} options */
async function upload(flow, bytes, options) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const sha256 = Array.from(digest, (each) => each.toString(16).padStart(2, "0")).join("");
  const { data } = await call("POST", `/seq/${flow}/uploads`, { body: { bytes: bytes.length, sha256, options } });
  const { "Content-Length": _, ...headers } = data.headers;
  const response = await fetch(data.url, { method: "PUT", headers, body: bytes });
  if (!response.ok) throw new Error(`The input could not be uploaded: the bucket answered ${response.status}. Try again.`);
  return data.input;
}

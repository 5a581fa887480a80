// Submits, waits and cancels with what orval has made.
import { cancelById, submitDemoSleep, submitDemoWordCount, waitById } from "./client.js";

declare const process: { argv: string[] };
const [, key, org] = process.argv.slice(2) as [string, string, string];
const options = { headers: { Authorization: `Bearer ${key}` } };
const counted = await submitDemoWordCount(org, { message: "to be or not to be", parameters: { top: 1 } }, options);
if (counted.status !== 202) throw new Error(`HTTP ${counted.status}`);
let state: string, output: unknown;
do {
  const answer = await waitById(counted.data.id, undefined, options);
  if (answer.status !== 200) throw new Error(`HTTP ${answer.status}`);
  state = answer.data.state;
  output = answer.data.result?.output;
} while (state === "pending" || state === "running");
const slept = await submitDemoSleep(org, { parameters: { seconds: 600 } }, options);
if (slept.status !== 202) throw new Error(`HTTP ${slept.status}`);
const cancelled = await cancelById(slept.data.id, options);
if (cancelled.status !== 200) throw new Error(`HTTP ${cancelled.status}`);
console.log(JSON.stringify([state, output, cancelled.data.state]));

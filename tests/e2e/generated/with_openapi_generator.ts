// Submits, waits and cancels with what openapi-generator has made for TypeScript.
import { Configuration, JobsApi, type JobStatus } from "./index.js";

declare const process: { argv: string[] };
const [basePath, accessToken, org] = process.argv.slice(2) as [string, string, string];
const jobs = new JobsApi(new Configuration({ basePath, accessToken }));
const place = { org, project: "demo" };
const submission = { message: "to be or not to be", parameters: { top: 1 } };
const counted = await jobs.submit({ ...place, flow: "word-count", submission });
let status: JobStatus;
do {
  status = await jobs.waitById({ id: counted.id });
} while (status.state === "pending" || status.state === "running");
const slept = await jobs.submit({ ...place, flow: "sleep", submission: { parameters: { seconds: 600 } } });
const cancelled = await jobs.cancelById({ id: slept.id });
console.log(JSON.stringify([status.state, status.result?.output, cancelled.state]));

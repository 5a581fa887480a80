// Submits, waits and cancels with the types that openapi-typescript has made, and openapi-fetch.
import createClient from "openapi-fetch";
import type { paths } from "./schema.js";

declare const process: { argv: string[] };
const [baseUrl, key, org] = process.argv.slice(2) as [string, string, string];
const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${key}` } });
const counted = await client.POST("/seq/{org}/demo/word-count/jobs", {
  params: { path: { org } },
  body: { message: "to be or not to be", parameters: { top: 1 } },
});
const id = counted.data!.id;
let status;
do {
  status = (await client.GET("/jobs/{id}/wait", { params: { path: { id } } })).data!;
} while (status.state === "pending" || status.state === "running");
const slept = await client.POST("/seq/{org}/demo/sleep/jobs", {
  params: { path: { org } },
  body: { parameters: { seconds: 600 } },
});
const cancelled = await client.POST("/jobs/{id}/cancel", { params: { path: { id: slept.data!.id } } });
console.log(JSON.stringify([status.state, status.result!.output, cancelled.data!.state]));

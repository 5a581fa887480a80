// Uses the published SDK as its README says, and prints what came of it as JSON.
import { Noukai } from "@noukai/sdk";

// It only knows http://localhost:8080, a port that may be taken: its requests are sent to where the system is.
const send = globalThis.fetch;
globalThis.fetch = (url, init) => send(url.replace("http://localhost:8080", process.env.SYSTEM), init);

const message = "to be or not to be";
const noukai = new Noukai({ org: "acme", project: "demo" });

const job = await noukai.flow("word-count").executeAsync({ message, parameters: { top: 1 } });
const polled = await job.poll();
if (polled.executionId !== job.executionId) throw new Error(`polled ${JSON.stringify(polled)}`);
const done = await job.wait({ timeout: 60_000, pollInterval: 200 });

const counting = noukai.flow("word-count");
// By default the SDK repeats whatever is answered with 504, which here would be another job.
const once = new Noukai({ org: "acme", project: "demo", maxRetries: 0 });
const [executed, failed, slow] = await Promise.all([
  counting.execute({ message, parameters: { top: 1 } }),
  counting.execute({ message, parameters: { pause: -1 } }),
  once
    .flow("sleep")
    .execute({ parameters: { seconds: 600 } })
    .catch((raised) => raised),
]);
const cancelled = await send(`${process.env.SYSTEM}/api/v1/jobs/${slow.responseBody.detail.id}/cancel`, {
  method: "POST",
  headers: { Authorization: `Bearer ${process.env.NOUKAI_API_KEY}` },
});

const run = counting.run(executed.executionId);
const trace = await run.trace();
const step = await run.stepTrace("attempt-1");
const every = await run.stepTrace("attempt-1", { attempt: "all" });
const missing = await run.stepTrace("attempt-1", { attempt: 2 }).catch((raised) => raised);
const live = [];
for await (const event of run.liveTrace()) live.push(event.type);

const errors = [];
for (const attempt of [
  () => new Noukai({ apiKey: "nk_wrong" }).flow("acme/demo/echo").executeAsync({ message }),
  () => noukai.flow("nothing").executeAsync({ message }),
]) {
  const error = await attempt().then(
    () => null,
    (raised) => raised,
  );
  errors.push([error.name, error.code, Boolean(error.requestId)]);
}

console.log(
  JSON.stringify({
    output: done.result.output,
    executed: [executed.status, executed.result.words],
    failed: [failed.status, failed.result ?? null],
    traced: [trace.flowRun.status, trace.steps.map((step) => [step.stepId, step.status]), live],
    step: [
      step.attempt,
      step.status,
      every.attempts.map((each) => each.attempt),
      [missing.name, missing.code],
    ],
    slow: [slow.name, slow.code, slow.statusCode, cancelled.ok],
    errors,
  }),
);

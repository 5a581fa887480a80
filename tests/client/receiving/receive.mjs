// Verifies webhooks with the standard's library, and sends them to the Express recipe; prints what came of each.
import { createServer } from "node:http";
import { once } from "node:events";
import { pathToFileURL } from "node:url";
import { Webhook } from "standardwebhooks";

const [, , recipe] = process.argv;
const print = console.log;
console.log = () => {};
const { app } = await import(pathToFileURL(recipe));
const server = createServer(app).listen(0, "127.0.0.1");
await once(server, "listening");
const webhook = new Webhook(process.env.NOUKAI_WEBHOOK_SECRET);

const came = {};
let given = "";
for await (const part of process.stdin) given += part;
for (const [name, { body, headers }] of Object.entries(JSON.parse(given))) {
  const bytes = Buffer.from(body, "base64");
  let verified;
  try {
    verified = webhook.verify(bytes, headers);
  } catch (error) {
    verified = null;
  }
  const url = `http://127.0.0.1:${server.address().port}/webhooks/noukai`;
  const answer = await fetch(url, { method: "POST", body: bytes, headers });
  came[name] = { verified, status: answer.status, text: await answer.text() };
}
server.closeAllConnections();
server.close();
print(JSON.stringify(came));

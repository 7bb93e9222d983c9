/** A signed webhook message that starts a run. A repeated message is refused. `HOOK=http://…/v1/hooks/… SECRET=whsec_… node webhook.mjs` */
import assert from "node:assert/strict";
import { createHmac, randomUUID } from "node:crypto";

const { HOOK, SECRET } = process.env;
assert(HOOK && SECRET, "Set HOOK and SECRET to the URL and the secret of the webhook.");

const body = JSON.stringify({ message: "Order 4711 came in." });
const id = randomUUID();

/** Signs the message as defined by Standard Webhooks. */
function signed(secret) {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const mac = createHmac("sha256", Buffer.from(secret.replace("whsec_", ""), "base64"));
  const signature = mac.update(`${id}.${timestamp}.${body}`).digest("base64");
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${signature}` };
}

const send = (secret) =>
  fetch(HOOK, { method: "POST", body, headers: { "content-type": "application/json", ...signed(secret) } });

assert.equal((await send("whsec_AAAA")).status, 401, "A wrong secret is refused.");
const response = await send(SECRET);
const run = await response.json();
assert.equal(response.status, 202, JSON.stringify(run));
assert.equal((await send(SECRET)).status, 409, "A repeated message does not start another run.");

console.log(`Run ${run.id} started.`);

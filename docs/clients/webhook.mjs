/** A signed message that starts a run, and the same sent again. `HOOK=http://…/v1/hooks/… SECRET=whsec_… node webhook.mjs` */
import assert from "node:assert/strict";
import { createHmac, randomUUID } from "node:crypto";

const { HOOK, SECRET } = process.env;
assert(HOOK && SECRET, "Set HOOK and SECRET to what the webhook was made with.");

const body = JSON.stringify({ message: "Order 4711 came in." });
const id = randomUUID();

/** As every library of Standard Webhooks signs. */
function signed(secret) {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const mac = createHmac("sha256", Buffer.from(secret.replace("whsec_", ""), "base64"));
  const signature = mac.update(`${id}.${timestamp}.${body}`).digest("base64");
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${signature}` };
}

const send = (secret) =>
  fetch(HOOK, { method: "POST", body, headers: { "content-type": "application/json", ...signed(secret) } });

assert.equal((await send("whsec_AAAA")).status, 401, "Another secret is refused.");
const answer = await send(SECRET);
const run = await answer.json();
assert.equal(answer.status, 202, JSON.stringify(run));
assert.equal((await send(SECRET)).status, 409, "The same message does not start another run.");

console.log(`Run ${run.id} started.`);

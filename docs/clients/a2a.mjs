/** The A2A SDK: agent card, message, stream and task. `KEY=pb_… AGENT=handbook node a2a.mjs` */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { Role, TaskState } from "@a2a-js/sdk";
import { ClientFactory, DefaultAgentCardResolver, JsonRpcTransportFactory } from "@a2a-js/sdk/client";
import { agent, key, origin } from "./setup.mjs";

const fetchImpl = (url, init = {}) => {
  const headers = new Headers(init.headers);
  headers.set("authorization", `Bearer ${key}`);
  return fetch(url, { ...init, headers });
};
const factory = new ClientFactory({
  transports: [new JsonRpcTransportFactory({ fetchImpl })],
  cardResolver: new DefaultAgentCardResolver({ fetchImpl }),
});
const client = await factory.createFromUrl(`${origin}/v1/a2a/${agent}/`);

const ask = (text, contextId = "") => ({
  tenant: "",
  configuration: undefined,
  metadata: undefined,
  message: {
    messageId: randomUUID(),
    contextId,
    taskId: "",
    role: Role.ROLE_USER,
    parts: [{ content: { $case: "text", value: text }, metadata: undefined, filename: "", mediaType: "text/plain" }],
    metadata: undefined,
    extensions: [],
    referenceTaskIds: [],
  },
});

const task = await client.sendMessage(ask("How many days of annual leave do I get?"));
assert.equal(task.status.state, TaskState.TASK_STATE_COMPLETED);
const reply = task.artifacts[0].parts[0].content.value;
assert(reply, "The task has a reply.");

let text = "";
let state;
for await (const { payload } of client.sendMessageStream(ask("And in May?", task.contextId))) {
  if (payload.$case === "artifactUpdate") text += payload.value.artifact.parts[0].content.value;
  if (payload.$case === "statusUpdate") state = payload.value.status.state;
}
assert(text, "The stream has a reply.");
assert.equal(state, TaskState.TASK_STATE_COMPLETED);

const again = await client.getTask({ tenant: "", id: task.id });
assert.equal(again.artifacts[0].parts[0].content.value, reply);
await assert.rejects(client.getTask({ tenant: "", id: "no-such-task" }));

console.log(reply);

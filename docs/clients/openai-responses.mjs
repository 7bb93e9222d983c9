/** The official `openai` client with responses: response, continuation and stream. `KEY=pb_… AGENT=handbook node openai-responses.mjs` */
import assert from "node:assert/strict";
import OpenAI from "openai";
import { agent, key, origin } from "./setup.mjs";

const client = new OpenAI({ baseURL: `${origin}/v1`, apiKey: key });

const first = await client.responses.create({ model: agent, input: "How many days of annual leave do I get?" });
assert.equal(first.status, "completed");
assert(first.output_text, "The response has a reply.");

const second = await client.responses.create({ model: agent, input: "And in May?", previous_response_id: first.id });
assert.equal(second.status, "completed");
assert.notEqual(second.id, first.id);

let text = "";
let completed;
for await (const event of await client.responses.create({ model: agent, input: "Once more, please.", stream: true })) {
  if (event.type === "response.output_text.delta") text += event.delta;
  if (event.type === "response.completed") completed = event.response;
}
assert(text, "The stream has a reply.");
assert.equal(completed?.output_text ?? completed?.output[0].content[0].text, text);

console.log(text);

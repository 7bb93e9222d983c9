/** The official `openai` client with chat completions: response, stream and errors. `KEY=pb_… AGENT=handbook node openai-chat.mjs` */
import assert from "node:assert/strict";
import OpenAI from "openai";
import { agent, key, origin } from "./setup.mjs";

const client = new OpenAI({ baseURL: `${origin}/v1`, apiKey: key });
const messages = [{ role: "user", content: "How many days of annual leave do I get?" }];

const models = await client.models.list();
assert(
  models.data.some((model) => model.id === agent),
  `The key may call "${agent}".`,
);

const whole = await client.chat.completions.create({ model: agent, messages });
assert.equal(whole.choices[0].finish_reason, "stop");
assert(whole.choices[0].message.content, "The response has a reply.");
assert(whole.usage.total_tokens > 0, "The response has the usage.");

let text = "";
let usage;
const stream = await client.chat.completions.create({
  model: agent,
  messages,
  stream: true,
  stream_options: { include_usage: true },
});
for await (const chunk of stream) {
  text += chunk.choices[0]?.delta?.content ?? "";
  usage = chunk.usage ?? usage;
}
assert(text, "The stream has a reply.");
assert(usage.total_tokens > 0, "The stream ends with the usage.");

const unauthorized = new OpenAI({ baseURL: `${origin}/v1`, apiKey: "pb_wrong" });
await assert.rejects(unauthorized.chat.completions.create({ model: agent, messages }), OpenAI.AuthenticationError);
await assert.rejects(client.chat.completions.create({ model: agent, messages, n: 2 }), OpenAI.BadRequestError);

console.log(text);

/** The OpenAI-compatible provider of the AI SDK. `KEY=pb_… AGENT=handbook node ai-sdk.mjs` */
import assert from "node:assert/strict";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { agent, key, origin } from "./setup.mjs";

const patchbay = createOpenAICompatible({
  name: "patchbay",
  baseURL: `${origin}/v1`,
  apiKey: key,
  includeUsage: true,
});
const model = patchbay.chatModel(agent);
const prompt = [{ role: "user", content: [{ type: "text", text: "How many days of annual leave do I get?" }] }];

const whole = await model.doGenerate({ prompt });
assert.equal(whole.content[0].type, "text");
assert(whole.content[0].text, "The response has a reply.");
assert.equal(whole.finishReason.unified ?? whole.finishReason, "stop");

let text = "";
let finish;
const { stream } = await model.doStream({ prompt });
for await (const part of stream) {
  if (part.type === "error") throw part.error;
  if (part.type === "text-delta") text += part.delta;
  if (part.type === "finish") finish = part;
}
assert(text, "The stream has a reply.");
assert(finish, "The stream has an end.");

console.log(text);

/**
 * The baseline of a published call: a Hono handler that only forwards the message to the model and returns its text.
 * Arguments: port, the model's base URL, and `fetch` (plain fetch) or `pooled` (undici's request over a connection pool,
 * the fastest client).
 */

import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { Agent, request } from "undici";

const [port, model, how] = process.argv.slice(2);
const pool = new Agent({ connections: 256, pipelining: 1 });
const tool = {
  type: "function",
  function: {
    name: "calculator",
    parameters: { type: "object", properties: { expression: { type: "string" } }, required: ["expression"] },
  },
};

interface Answer {
  choices: { message: { content: string; tool_calls?: unknown[] } }[];
}

async function ask(messages: unknown[], tools?: unknown[]): Promise<Answer> {
  const sent = {
    method: "POST" as const,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "mock", messages, ...(tools && { tools }) }),
  };
  const url = `${model}/chat/completions`;
  if (how === "pooled") return (await (await request(url, { ...sent, dispatcher: pool })).body.json()) as Answer;
  return (await (await fetch(url, sent)).json()) as Answer;
}

const app = new Hono()
  .post("/plain", async (c) => {
    const { input } = await c.req.json();
    const answer = await ask([{ role: "user", content: input.message }]);
    return c.json({ reply: answer.choices[0]!.message.content });
  })
  .post("/tool", async (c) => {
    const { input } = await c.req.json();
    const user = { role: "user", content: input.message };
    const first = await ask([user], [tool]);
    const message = first.choices[0]!.message;
    const answer = await ask([user, message, { role: "tool", tool_call_id: "call_0", content: "5" }], [tool]);
    return c.json({ reply: answer.choices[0]!.message.content });
  });

const listener = getRequestListener(app.fetch);
createServer((incoming, outgoing) => void listener(incoming, outgoing)).listen(Number(port), "127.0.0.1", () =>
  console.log("ready"),
);

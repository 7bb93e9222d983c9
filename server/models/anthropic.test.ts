import { afterEach, expect, test } from "vitest";
import type { ChatRequest, ModelEvent } from "../../runtime/model.ts";
import { sqliteRecords } from "../stores/sqlite/records.ts";
import { createModels } from "./models.ts";
import { type Fault, respond, respondError, startFaultServer, stream } from "./testing/fault-server.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const event = (type: string, more: Record<string, unknown> = {}): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;
const start = event("message_start", {
  message: {
    id: "m",
    type: "message",
    role: "assistant",
    model: "claude",
    content: [],
    stop_reason: null,
    usage: { input_tokens: 11, output_tokens: 1 },
  },
});
const text = (piece: string, index = 0): string =>
  event("content_block_delta", { index, delta: { type: "text_delta", text: piece } });
const open = (index: number, block: Record<string, unknown>): string =>
  event("content_block_start", { index, content_block: block });
const shut = (index: number): string => event("content_block_stop", { index });
const finish = (reason: string): string =>
  event("message_delta", { delta: { stop_reason: reason, stop_sequence: null }, usage: { output_tokens: 9 } }) +
  event("message_stop");

async function ask(faults: Fault[], request: Partial<ChatRequest> = {}, quiet = false) {
  const server = await startFaultServer(...faults);
  const models = createModels({
    records: await sqliteRecords(":memory:"),
    secrets: { get: async () => "sk-ant-secret-0123", redact: (words) => words },
    env: {},
    limits: { idleMs: 500, firstByteMs: 500 },
    retry: { sleep: async () => {} },
  });
  closers.push(
    () => models.close(),
    () => server.close(),
  );
  await models.save({ id: "claude", kind: "anthropic", baseUrl: server.url, apiKey: { secret: "K" } });
  const events: ModelEvent[] = [];
  const full: ChatRequest = {
    model: "claude/claude-sonnet-4-5",
    messages: [{ role: "user", content: "hi" }],
    ...request,
  };
  for await (const one of models.chat(full, new AbortController().signal, { quiet })) events.push(one);
  return { events, server };
}

test("text, thoughts, calls and counts of a stream", async () => {
  const answer = [
    start,
    open(0, { type: "thinking", thinking: "" }),
    event("content_block_delta", { index: 0, delta: { type: "thinking_delta", thinking: "hm" } }),
    shut(0),
    open(1, { type: "text", text: "" }),
    text("I look", 1),
    text(" it up.", 1),
    shut(1),
    open(2, { type: "tool_use", id: "toolu_1", name: "search", input: {} }),
    event("content_block_delta", { index: 2, delta: { type: "input_json_delta", partial_json: '{"q":"ca' } }),
    event("content_block_delta", { index: 2, delta: { type: "input_json_delta", partial_json: 'ts"}' } }),
    shut(2),
    finish("tool_use"),
  ];
  const { events, server } = await ask([stream(answer)], {
    messages: [
      { role: "system", content: "Be brief." },
      { role: "user", content: "cats?" },
      { role: "assistant", content: "", calls: [{ id: "t0", name: "search", arguments: { q: "cat" } }] },
      { role: "tool", call: "t0", name: "search", content: "nothing", error: true },
    ],
    tools: [
      {
        name: "search",
        description: "Searches.",
        parameters: { type: "object", properties: { q: { type: "string" } } },
      },
    ],
  });
  const textOf = (type: string) => events.map((one) => (one.type === type && "text" in one ? one.text : "")).join("");
  expect(textOf("text-delta")).toBe("I look it up.");
  expect(textOf("reasoning-delta")).toBe("hm");
  expect(events.filter((one) => one.type === "tool-call")).toEqual([
    { type: "tool-call", call: { id: "toolu_1", name: "search", arguments: { q: "cats" } } },
  ]);
  expect(events.at(-1)).toMatchObject({ type: "end", reason: "tools", usage: { inputTokens: 11, outputTokens: 9 } });
  expect(server.requests[0]!.path).toBe("/v1/messages");
  expect(server.requests[0]!.headers["x-api-key"]).toBe("sk-ant-secret-0123");
  const body = JSON.parse(server.requests[0]!.body);
  expect(body.system).toMatchObject([{ text: "Be brief." }]);
  expect(body.messages.at(-1).content[0]).toMatchObject({ type: "tool_result", tool_use_id: "t0", is_error: true });
});

test("sampling options, in the words of the API", async () => {
  const reply = () => stream([start, open(0, { type: "text", text: "" }), text("x"), shut(0), finish("end_turn")]);
  const sent = async (request: Partial<ChatRequest>) =>
    JSON.parse((await ask([reply()], request)).server.requests[0]!.body);
  expect(await sent({ topP: 0.5, stop: ["END"], maxOutputTokens: 50 })).toMatchObject({
    top_p: 0.5,
    stop_sequences: ["END"],
    max_tokens: 50,
  });
  const thinking = await sent({ effort: "low", maxOutputTokens: 50 });
  expect(thinking.thinking).toMatchObject({ type: "enabled" });
  expect(thinking.max_tokens).toBe(50 + thinking.thinking.budget_tokens);
  expect((await sent({ effort: "none" })).thinking).toEqual({ type: "disabled" });
  const afterTool: ChatRequest["messages"] = [
    { role: "user", content: "cats?" },
    { role: "assistant", content: "", calls: [{ id: "t0", name: "search", arguments: { q: "cat" } }] },
    { role: "tool", call: "t0", name: "search", content: "nothing" },
  ];
  expect(await sent({ effort: "high", messages: afterTool })).not.toHaveProperty("thinking");
});

test.each([
  ["end_turn", "stop"],
  ["max_tokens", "length"],
  ["refusal", "refused"],
])("stop reason %s is %s", async (raw, reason) => {
  const { events } = await ask([stream([start, open(0, { type: "text", text: "" }), text("x"), shut(0), finish(raw)])]);
  expect(events.at(-1)).toMatchObject({ reason });
});

test("refusals of the server: no retry for a key, retries for an overload, the key is not shown", async () => {
  const denied = await ask([respondError(401, "invalid x-api-key sk-ant-secret-0123")]);
  expect(denied.events).toMatchObject([{ type: "end", reason: "error", error: { code: "auth_failed" } }]);
  expect(JSON.stringify(denied.events)).not.toContain("sk-ant-secret");
  const busy = await ask([
    respond(529, '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'),
    stream([start, open(0, { type: "text", text: "" }), text("ok"), shut(0), finish("end_turn")]),
  ]);
  expect(busy.events.at(-1)).toMatchObject({ reason: "stop", attempts: [{ error: { code: "provider_unavailable" } }] });
  expect(busy.server.requests).toHaveLength(2);
  const long = await ask([respondError(400, "prompt is too long: 250000 tokens > 200000 maximum")]);
  expect(long.events.at(-1)).toMatchObject({ error: { code: "context_overflow" } });
});

test("a stream that is cut, stalls, resets, carries an error or nonsense ends with its own code", async () => {
  const begun = [start, open(0, { type: "text", text: "" }), text("half")];
  const cut = await ask([stream(begun)]);
  expect(cut.events.at(-1)).toMatchObject({ reason: "error", error: { code: "connection_lost" } });
  const stalled = await ask([stream(begun, "hang")]);
  expect(stalled.events[0]).toMatchObject({ type: "text-delta", text: "half" });
  expect(stalled.events.at(-1)).toMatchObject({ reason: "error", error: { code: "stream_stalled" } });
  const reset = await ask([stream(begun, "reset")]);
  expect(reset.events.at(-1)).toMatchObject({ reason: "error", error: { code: "connection_lost" } });
  const failed = await ask([
    stream([...begun, event("error", { error: { type: "overloaded_error", message: "Overloaded" } })]),
  ]);
  expect(failed.events.at(-1)).toMatchObject({ reason: "error", error: { code: "provider_unavailable" } });
  const broken = await ask([stream([...begun, "event: content_block_delta\ndata: {oops\n\n"])]);
  expect(broken.events.at(-1)).toMatchObject({ reason: "error", error: { code: "bad_response" } });
  const page = await ask([respond(200, "<html></html>", { "content-type": "text/html" })]);
  expect(page.events.at(-1)).toMatchObject({ reason: "error", error: { code: "bad_response" } });
  const silent = await ask([() => {}]);
  expect(silent.events.at(-1)).toMatchObject({ reason: "error", error: { code: "first_byte_timeout" } });
});

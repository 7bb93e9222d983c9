import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ChatRequest, ModelEvent } from "../../../runtime/model.ts";
import { sqliteRecords } from "../../stores/sqlite/records.ts";
import { createModels } from "../models.ts";
import { grammarSchema, toHistory } from "./history.ts";
import { installFakeLlama } from "./testing/fake-llama.ts";

let folder: string;
let models: ReturnType<typeof createModels>;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "patchbay-local-"));
  writeFileSync(join(folder, "tiny.gguf"), "GGUF");
  writeFileSync(join(folder, "tiny.json"), '{ "contextTokens": 2048 }');
  writeFileSync(join(folder, "half.gguf.part"), "GG");
  models = createModels({
    records: await sqliteRecords(":memory:"),
    secrets: { get: async () => "", redact: (text) => text },
    env: {},
    localFolder: folder,
  });
});
afterEach(async () => {
  await models.close();
  rmSync(folder, { recursive: true, force: true });
});

async function ask(
  request: Partial<ChatRequest> & { text?: string },
  signal = new AbortController().signal,
): Promise<ModelEvent[]> {
  const { text = "hello", ...more } = request;
  const events: ModelEvent[] = [];
  for await (const event of models.chat(
    { model: "local/tiny", messages: [{ role: "user", content: text }], ...more },
    signal,
  ))
    events.push(event);
  return events;
}
const CITY = {
  name: "weather",
  description: "The weather.",
  parameters: { type: "object", properties: { city: { type: "string", pattern: "^x" } }, required: ["city"] },
};

test("files in the folder are models, with the context that was noted; halves are none", async () => {
  expect((await models.providers()).map((provider) => [provider.id, provider.models])).toEqual([
    ["local", ["tiny"]],
    ["demo", ["offline"]],
  ]);
  expect(await models.resolve("default")).toMatchObject({
    name: "local/tiny",
    profile: { contextTokens: 2048, outputTokens: 512, nativeTools: true },
  });
  await expect(models.resolve("local/half")).rejects.toMatchObject({ code: "model_missing" });
  await expect(models.save({ id: "local", kind: "openai-compatible", baseUrl: "http://x" })).rejects.toMatchObject({
    code: "conflict",
  });
  await expect(models.delete("local")).rejects.toMatchObject({ code: "conflict" });
});

test("without node-llama-cpp a call says how to bring it", async () => {
  expect(await ask({})).toMatchObject([
    {
      type: "end",
      reason: "error",
      error: { code: "model_missing", message: expect.stringContaining("models install") },
    },
  ]);
});

test("answers from a process of its own, with thoughts, counts and the token limit", async () => {
  installFakeLlama(folder);
  const events = await ask({});
  expect(events).toMatchObject([
    { type: "reasoning-delta", text: "hm" },
    { type: "text-delta", text: '[{"type":"user","text":"hello"}]' },
    { type: "end", reason: "stop", usage: { inputTokens: 5, outputTokens: 5 } },
  ]);
  expect((await ask({ maxOutputTokens: 1 })).at(-1)).toMatchObject({ reason: "length" });
  const schema = { type: "object", properties: { a: { type: "number" } }, required: ["a"] };
  expect((await ask({ schema })).find((event) => event.type === "text-delta")).toMatchObject({
    text: JSON.stringify(schema),
  });
});

test("calls come with arguments that fit the grammar, and go back as part of the model's turn", async () => {
  installFakeLlama(folder);
  const events = await ask({ text: "use the tool", tools: [CITY] });
  expect(events).toMatchObject([
    { type: "tool-call-delta", name: "weather", text: expect.stringContaining("city") },
    ...events.slice(1, -2),
    { type: "tool-call", call: { name: "weather", arguments: { city: "Rome" } } },
    { type: "end", reason: "tools" },
  ]);
  const history = toHistory(
    [
      { role: "system", content: "s" },
      { role: "user", content: "u" },
      { role: "assistant", content: "I look.", calls: [{ id: "1", name: "weather", arguments: { city: "Rome" } }] },
      { role: "tool", call: "1", name: "weather", content: "sunny" },
      { role: "assistant", content: "It is sunny." },
      { role: "user", content: "thanks" },
    ],
    [CITY],
  );
  expect(history).toEqual([
    { type: "system", text: "s" },
    { type: "user", text: "u" },
    {
      type: "model",
      response: [
        "I look.",
        {
          type: "functionCall",
          name: "weather",
          description: "The weather.",
          params: { city: "Rome" },
          result: "sunny",
        },
        "It is sunny.",
      ],
    },
    { type: "user", text: "thanks" },
  ]);
});

test("a schema keeps what a grammar can hold", () => {
  expect(grammarSchema(CITY.parameters)).toEqual({
    type: "object",
    properties: { city: { type: "string" } },
    required: ["city"],
  });
  expect(grammarSchema({ anyOf: [{ type: "null" }, { enum: ["a"] }] })).toEqual({
    oneOf: [{ type: "null" }, { enum: ["a"] }],
  });
  expect(grammarSchema({ type: ["integer", "null"], minimum: 3 })).toEqual({ type: "integer" });
  expect(grammarSchema({ $ref: "#/x" })).toEqual({ type: "string" });
});

test("a cancel is heard at once; a crash ends its call and nothing else", async () => {
  installFakeLlama(folder);
  const cancel = new AbortController();
  const events: ModelEvent[] = [];
  for await (const event of models.chat(
    { model: "local/tiny", messages: [{ role: "user", content: "slow" }] },
    cancel.signal,
  )) {
    events.push(event);
    cancel.abort();
  }
  expect(events.at(-1)).toMatchObject({ reason: "aborted" });
  expect((await ask({ text: "crash" })).at(-1)).toMatchObject({
    reason: "error",
    error: { code: "connection_lost", message: expect.stringContaining("memory") },
  });
  expect((await ask({})).at(-1)).toMatchObject({ reason: "stop" });
});

test("two at once are answered one after the other", async () => {
  installFakeLlama(folder);
  const answers = await Promise.all([ask({ text: "one" }), ask({ text: "two" })]);
  expect(answers.map((events) => events.find((event) => event.type === "text-delta")!.text)).toEqual([
    '[{"type":"user","text":"one"}]',
    '[{"type":"user","text":"two"}]',
  ]);
});

test("the provider test tries it", async () => {
  installFakeLlama(folder);
  expect(await models.test("local", AbortSignal.timeout(10_000))).toMatchObject({
    ok: true,
    tried: "tiny",
    found: { chat: true, streams: true },
  });
});

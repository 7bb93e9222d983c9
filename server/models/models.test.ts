import { afterEach, expect, test } from "vitest";
import type { Message } from "../../runtime/message.ts";
import type { ChatRequest, ModelEvent } from "../../runtime/model.ts";
import { sqliteRecords } from "../stores/sqlite/records.ts";
import { type MockModel, type MockOptions, startMockModel } from "../testing/mock-model.ts";
import { effortFields } from "./effort.ts";
import { createModels, type ModelsOptions } from "./models.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});
const soon = () => AbortSignal.timeout(10_000);

async function rig(mock: MockOptions = {}, options: Partial<ModelsOptions> = {}) {
  const server = await startMockModel(mock);
  const models = createModels({
    records: await sqliteRecords(":memory:"),
    secrets: { get: async (name) => `value of ${name}`, redact: (text) => text },
    env: {},
    retry: { sleep: async () => {} },
    ...options,
  });
  closers.push(
    () => models.close(),
    () => server.close(),
  );
  return { server, models };
}

async function all(events: AsyncIterable<ModelEvent>): Promise<ModelEvent[]> {
  const list: ModelEvent[] = [];
  for await (const event of events) list.push(event);
  return list;
}

const compatible = (server: MockModel, more = {}) => ({
  id: "mine",
  kind: "openai-compatible" as const,
  baseUrl: server.url,
  ...more,
});

test("without anything configured the default is the demo, labelled", async () => {
  const { models } = await rig();
  expect(await models.resolve("default")).toMatchObject({ name: "demo/offline", demo: true });
  expect(await models.cards()).toMatchObject([{ name: "demo/offline", demo: true, isDefault: true }]);
  await expect(models.embed(["x"], soon())).rejects.toMatchObject({ code: "model_missing" });
});

test("the default is what the environment says, else the first provider's first model that chats", async () => {
  const { server, models } = await rig({ models: ["text-embedding-3", "qwen3:8b", "llama3.1"] });
  await models.save(compatible(server));
  expect((await models.resolve("default")).name).toBe("mine/qwen3:8b");
  const cards = await models.cards();
  expect(cards.map((card) => [card.name, card.isDefault, card.embeds])).toEqual([
    ["mine/text-embedding-3", undefined, true],
    ["mine/qwen3:8b", true, undefined],
    ["mine/llama3.1", undefined, undefined],
    ["demo/offline", undefined, undefined],
  ]);
  const set = await rig(
    {},
    { env: { openai: { baseUrl: server.url, apiKey: "sk-from-the-environment" }, defaultModel: "openai/llama3.1" } },
  );
  expect((await set.models.resolve("default")).name).toBe("openai/llama3.1");
  expect((await set.models.providers()).map((provider) => provider.id)).toEqual(["openai", "demo"]);
  expect(JSON.stringify(await set.models.providers())).not.toContain("sk-");
});

test("a configured provider that is down never hands over to the demo", async () => {
  const { server, models } = await rig();
  await models.save(compatible(server));
  await server.close();
  await expect(models.resolve("default")).rejects.toMatchObject({
    code: "model_missing",
    message: expect.stringContaining("PATCHBAY_DEFAULT_MODEL"),
  });
  expect((await models.cards()).map((card) => card.name)).toEqual(["demo/offline"]);
});

test("names that cannot be had are refused with what there is", async () => {
  const { server, models } = await rig();
  await models.save(compatible(server, { models: ["a", "b"], fallback: "mine/b" }));
  expect(await models.resolve("mine/a")).toMatchObject({ name: "mine/a", fallback: "mine/b" });
  expect((await models.resolve("mine/b")).fallback).toBeUndefined();
  await expect(models.resolve("mine/c")).rejects.toMatchObject({
    code: "model_missing",
    message: expect.stringContaining("a, b"),
  });
  await expect(models.resolve("nobody/x")).rejects.toMatchObject({
    code: "model_missing",
    message: expect.stringContaining("mine, demo"),
  });
  await expect(models.resolve("__proto__/x")).rejects.toMatchObject({ code: "model_missing" });
  await expect(models.resolve("gpt-4")).rejects.toMatchObject({ message: expect.stringContaining("provider/model") });
  expect(await all(models.chat({ model: "nobody/x", messages: [] }, soon()))).toMatchObject([
    { type: "end", reason: "error", error: { code: "model_missing" } },
  ]);
});

test("a renamed provider still answers under its earlier names, and nobody else can take them", async () => {
  const { server, models } = await rig();
  await models.save(compatible(server, { models: ["a"] }));
  await models.save({
    id: "second",
    kind: "openai-compatible",
    baseUrl: server.url,
    models: ["b"],
    fallback: "mine/a",
  });
  await models.save(compatible(server, { id: "renamed", models: ["a"] }), "mine");
  await models.save(compatible(server, { id: "again", models: ["a"], aliases: ["mine"] }), "renamed");
  const ids = (await models.providers()).map(({ id }) => id);
  expect(ids).toContain("again");
  expect(ids).not.toContain("mine");
  for (const name of ["mine/a", "renamed/a", "again/a"])
    expect(await models.resolve(name)).toMatchObject({ name: "again/a" });
  expect(await models.resolve("second/b")).toMatchObject({ fallback: "again/a" });
  expect((await models.cards()).find(({ name }) => name === "again/a")?.aliases).toEqual(["mine/a", "renamed/a"]);
  for (const id of ["mine", "second"])
    await expect(models.save(compatible(server, { id }), id === "mine" ? undefined : "again")).rejects.toMatchObject({
      code: "conflict",
      path: "/id",
    });
  // Back to its first name.
  await models.save(compatible(server, { id: "mine", models: ["a"], aliases: ["mine", "renamed"] }), "again");
  expect(await models.resolve("again/a")).toMatchObject({ name: "mine/a" });
});

test("what is saved is checked, and a change counts at once", async () => {
  const { server, models } = await rig();
  const save = (provider: unknown) => models.save(provider as never);
  await expect(save({ id: "X", kind: "openai-compatible", baseUrl: "http://x" })).rejects.toMatchObject({
    code: "bad_request",
    path: "/id",
  });
  await expect(save({ id: "x", kind: "openai-compatible" })).rejects.toMatchObject({
    code: "bad_request",
    path: "/baseUrl",
  });
  for (const baseUrl of [
    "localhost:11434",
    "ftp://x/v1",
    "http://me:pw@x/v1",
    "not an address",
    "file:///etc/passwd",
  ]) {
    await expect(save({ id: "x", kind: "openai-compatible", baseUrl })).rejects.toMatchObject({
      code: "bad_request",
      path: "/baseUrl",
    });
  }
  await expect(
    save({ id: "x", kind: "openai-compatible", baseUrl: "http://x", apiKey: "sk-plain" }),
  ).rejects.toMatchObject({ code: "bad_request", path: "/apiKey" });
  await expect(save({ id: "x", kind: "openai-compatible", baseUrl: "http://x", extra: 1 })).rejects.toMatchObject({
    code: "bad_request",
  });
  await expect(save({ id: "demo", kind: "openai-compatible", baseUrl: "http://x" })).rejects.toMatchObject({
    code: "conflict",
  });
  await expect(models.delete("demo")).rejects.toMatchObject({ code: "conflict" });
  // The address of one call is cut back to the base.
  expect((await models.save(compatible(server, { baseUrl: `${server.url}/chat/completions/` }))).baseUrl).toBe(
    server.url,
  );
  expect(
    await all(models.chat({ model: "mine/mock", messages: [{ role: "user", content: "hi" }] }, soon())),
  ).toHaveLength(2);
  await models.save(compatible(server, { profile: { contextTokens: 999 } }));
  expect((await models.resolve("mine/mock")).profile.contextTokens).toBe(999);
  expect(await models.delete("mine")).toBe(true);
  expect(await models.delete("mine")).toBe(false);
  await expect(models.resolve("mine/mock")).rejects.toMatchObject({ code: "model_missing" });
});

test("a conversation reaches the server in its own words, and comes back in ours", async () => {
  const { server, models } = await rig({
    reply: () => ({
      reasoning: "let me see",
      text: "I look.",
      calls: [{ id: "c9", name: "files__read", arguments: { path: "a.md" } }],
    }),
  });
  await models.save(compatible(server, { apiKey: { secret: "LOCAL_KEY" } }));
  const messages: Message[] = [
    { role: "system", content: "Be brief." },
    {
      role: "user",
      content: [
        { type: "text", text: "look" },
        { type: "file", file: { id: "f1", mediaType: "image/png", name: "cat.png", bytes: 3 } },
      ],
    },
    {
      role: "assistant",
      content: "",
      reasoning: "secret thoughts",
      calls: [
        { id: "c1", name: "files__list", arguments: { path: "." } },
        { id: "c2", name: "files__list", raw: "{broken" },
      ],
    },
    { role: "tool", call: "c1", name: "files__list", content: "a.md" },
    { role: "tool", call: "c2", name: "files__list", content: "The arguments were no JSON.", error: true },
    { role: "user", content: "go on" },
  ];
  const request: ChatRequest = {
    model: "mine/mock",
    messages,
    tools: [
      {
        name: "files__read",
        description: "Reads.",
        parameters: { type: "object", properties: { path: { type: "string" } }, required: ["path"] },
      },
    ],
    temperature: 0.2,
    maxOutputTokens: 77,
    stop: ["\nObservation:"],
  };
  for (const quiet of [true, false]) {
    const events = await all(models.chat(request, soon(), { quiet }));
    expect(events.filter((event) => event.type === "tool-call")).toEqual([
      { type: "tool-call", call: { id: "c9", name: "files__read", arguments: { path: "a.md" } } },
    ]);
    expect(events.at(-1)).toMatchObject({ type: "end", reason: "tools" });
    const textOf = (type: string) =>
      events.map((event) => (event.type === type && "text" in event ? event.text : "")).join("");
    expect(textOf("text-delta")).toBe("I look.");
    expect(textOf("reasoning-delta")).toBe("let me see");
  }
  expect(server.requests[0]).toMatchObject({
    model: "mock",
    stream: true,
    temperature: 0.2,
    max_tokens: 77,
    stop: ["\nObservation:"],
    tools: [{ type: "function", function: { name: "files__read" } }],
    messages: [
      { role: "system", content: "Be brief." },
      {
        role: "user",
        content: [
          { type: "text", text: "look" },
          { type: "text", text: "[cat.png]" },
        ],
      },
      {
        role: "assistant",
        tool_calls: [
          { id: "c1", function: { name: "files__list", arguments: '{"path":"."}' } },
          { id: "c2", function: { arguments: "{}" } },
        ],
      },
      { role: "tool", tool_call_id: "c1", content: "a.md" },
      { role: "tool", tool_call_id: "c2", content: "The arguments were no JSON." },
      { role: "user", content: "go on" },
    ],
  });
  expect(JSON.stringify(server.requests[0])).not.toContain("secret thoughts");
});

test("sampling options, and the reasoning effort in the fields of each server", async () => {
  const { server, models } = await rig({ reply: () => ({ text: "ok" }) });
  await models.save(compatible(server));
  await all(models.chat({ model: "mine/mock", messages: [], topP: 0.5, stop: ["END"], effort: "low" }, soon()));
  expect(server.requests[0]).toMatchObject({
    top_p: 0.5,
    stop: ["END"],
    reasoning_effort: "low",
    chat_template_kwargs: { enable_thinking: true },
  });
  await all(models.chat({ model: "mine/mock", messages: [] }, soon()));
  for (const key of ["top_p", "stop", "reasoning_effort", "chat_template_kwargs"])
    expect(server.requests[1]).not.toHaveProperty(key);
  expect(effortFields("api.openai.com", "gpt-5.1", "none")).toEqual({ reasoning_effort: "none" });
  expect(effortFields("api.openai.com", "gpt-5-mini", "none")).toEqual({ reasoning_effort: "minimal" });
  expect(effortFields("api.openai.com", "o3", "none")).toEqual({ reasoning_effort: "low" });
  expect(effortFields("dashscope.aliyuncs.com", "qwen3-max", "none")).toEqual({ enable_thinking: false });
  expect(effortFields("dashscope.aliyuncs.com", "qwen3-max", "low")).toEqual({
    enable_thinking: true,
    thinking_budget: 1_024,
  });
  expect(effortFields("open.bigmodel.cn", "glm-4.6", "none")).toEqual({ thinking: { type: "disabled" } });
  expect(effortFields("openrouter.ai", "x/y", "high")).toEqual({ reasoning: { effort: "high" } });
  expect(effortFields("notz.ai", "x", "high")).toEqual({ reasoning_effort: "high" });
});

test("a model that sees gets the image itself", async () => {
  const bytes = new Uint8Array([1, 2, 3]);
  const ref = { id: "f1", mediaType: "image/png", name: "cat.png", bytes: 3 };
  const { server, models } = await rig({}, { files: { get: async () => ({ ref, bytes }) } });
  await models.save(compatible(server, { profile: { vision: true } }));
  await all(
    models.chat({ model: "mine/mock", messages: [{ role: "user", content: [{ type: "file", file: ref }] }] }, soon()),
  );
  expect(server.requests[0]!.messages[0]!.content).toEqual([
    { type: "image_url", image_url: { url: "data:image/png;base64,AQID" } },
  ]);
});

test("a schema is sent as strict only where it meets the rules of strict", async () => {
  const { server, models } = await rig({ reply: () => ({ text: "{}" }) });
  await models.save(compatible(server));
  const ask = (schema: Record<string, unknown>) =>
    all(models.chat({ model: "mine/mock", messages: [], schema }, soon()));
  await ask({ type: "object", properties: { a: { type: "string" } }, required: ["a"], additionalProperties: false });
  await ask({ type: "object", properties: { a: { type: "string" } } });
  const formats = server.requests.map(
    (request) => request.response_format as unknown as { type: string; json_schema: { strict: boolean } },
  );
  expect(formats.map((format) => [format.type, format.json_schema.strict])).toEqual([
    ["json_schema", true],
    ["json_schema", false],
  ]);
});

test("embeddings: in order, batched, halved when the endpoint takes fewer, and refused when they are nonsense", async () => {
  const sizes: number[] = [];
  const server = await limited(sizes, 10);
  const { models } = await rig();
  await models.save({ id: "e", kind: "openai-compatible", baseUrl: server.url });
  const texts = Array.from({ length: 45 }, (_, n) => `text ${n}`);
  const vectors = await models.embed(texts, soon(), "e/small-embed");
  expect(vectors.map((vector) => vector[0])).toEqual(texts.map((_, n) => n));
  expect(Math.max(...sizes.slice(2))).toBeLessThanOrEqual(10);
  await expect(models.embed(["mixed", "lengths"], soon(), "e/uneven")).rejects.toMatchObject({ code: "bad_response" });
  await expect(models.embed(["x"], soon(), "e/empty")).rejects.toMatchObject({
    code: "bad_response",
    message: expect.stringContaining("embedding model"),
  });
  await expect(models.embed(["x"], soon(), "demo/offline")).rejects.toMatchObject({ code: "model_missing" });
  await expect(models.embed(["x"], AbortSignal.abort(new Error("stop")), "e/small-embed")).rejects.toThrow("stop");
  expect(await models.embed([], soon(), "e/small-embed")).toEqual([]);
});

/** An embeddings endpoint that refuses more than `most` texts, and answers out of order. */
async function limited(sizes: number[], most: number): Promise<{ url: string }> {
  const { createServer } = await import("node:http");
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      const { input, model } = JSON.parse(body) as { input: string[]; model: string };
      sizes.push(input.length);
      response.setHeader("content-type", "application/json");
      if (input.length > most) {
        response.statusCode = 400;
        response.end(
          JSON.stringify({ error: { message: `batch size is invalid, it should not be larger than ${most}` } }),
        );
        return;
      }
      const data = input.map((text, index) => ({
        index,
        embedding:
          model === "empty" ? [] : model === "uneven" ? new Array(index + 1).fill(1) : [Number(text.split(" ")[1]), 1],
      }));
      response.end(JSON.stringify({ data: data.reverse() }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}/v1` };
}

test("the provider test says what was found, and what the profile should say", async () => {
  const { server, models } = await rig({
    models: ["qwen3:8b", "bge-m3"],
    reply: (request) => {
      if (request.response_format) return { text: '{"colour":"blue"}' };
      if (JSON.stringify(request.messages).includes("image_url")) return { text: "Red." };
      return request.tools ? { text: "I would call get_weather." } : undefined;
    },
  });
  await models.save(compatible(server));
  expect(await models.test("mine", soon())).toMatchObject({
    ok: true,
    tried: "qwen3:8b",
    models: ["qwen3:8b", "bge-m3"],
    found: { chat: true, streams: true, tools: false, structured: true, vision: true, embeddings: true },
    suggests: { nativeTools: false, format: "hermes", vision: true },
    message: expect.stringContaining("not: tool calls"),
  });
  await server.close();
  expect(await models.test("mine", soon())).toMatchObject({ ok: false, code: "provider_unavailable", found: {} });
  await expect(models.test("nobody", soon())).rejects.toMatchObject({ code: "not_found" });
  expect(await models.test("demo", soon())).toMatchObject({ ok: true });
});

test("an endpoint without chat completions at its base URL is reported", async () => {
  const { server, models } = await rig({ reply: () => ({ status: 404, message: "page not found" }) });
  await models.save(compatible(server));
  expect(await models.test("mine", soon())).toMatchObject({
    ok: false,
    code: "model_not_found",
    found: { chat: false },
  });
});

test("no proxy of the environment is used", async () => {
  const { server, models } = await rig();
  await models.save(compatible(server));
  const before = { ...process.env };
  Object.assign(process.env, {
    HTTP_PROXY: "http://127.0.0.1:9",
    http_proxy: "http://127.0.0.1:9",
    ALL_PROXY: "http://127.0.0.1:9",
  });
  try {
    const events = await all(models.chat({ model: "mine/mock", messages: [{ role: "user", content: "hi" }] }, soon()));
    expect(events.at(-1)).toMatchObject({ reason: "stop" });
  } finally {
    process.env = before;
  }
});

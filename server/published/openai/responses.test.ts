/** The responses API over published agents, through the real `openai` client. */
import OpenAI, { BadRequestError, NotFoundError } from "openai";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { MockReply, MockRequest } from "../../testing/mock-model.ts";
import { chatGraph, type Served, serve } from "../../testing/served.ts";

let served: Served;
let client: OpenAI;
let script: ((request: MockRequest) => MockReply | undefined) | undefined;

beforeAll(async () => {
  served = await serve({ reply: (request) => script?.(request) });
  await served.publish(chatGraph(), "chat");
  await served.publish(chatGraph({ settings: { systemText: "refuse" } }), "strict");
  const { key } = await served.key();
  client = new OpenAI({ baseURL: `${served.origin}/v1`, apiKey: key });
});
afterAll(() => served.close());

const asked = () =>
  served.mock.requests
    .at(-1)!
    .messages.filter((message) => message.role !== "system")
    .map((message) => message.content);

test("returns a text, and can be retrieved by its own key only", async () => {
  script = () => ({ text: "Hello Ada." });
  const response = await client.responses.create({
    model: "chat",
    input: "I am Ada.",
    metadata: { topic: "x" },
    temperature: 0.5,
  });
  expect(response.output_text).toBe("Hello Ada.");
  expect(response).toMatchObject({
    object: "response",
    status: "completed",
    model: "chat",
    metadata: { topic: "x" },
    patchbay: { status: "done" },
  });
  expect(response.usage!.total_tokens).toBeGreaterThan(0);
  expect(await client.responses.retrieve(response.id)).toMatchObject({
    id: response.id,
    status: "completed",
    model: "chat@1",
  });
  const { key } = await served.key();
  const other = new OpenAI({ baseURL: `${served.origin}/v1`, apiKey: key });
  await expect(other.responses.retrieve(response.id)).rejects.toThrow(NotFoundError);
  await expect(
    other.responses.create({ model: "chat", input: "x", previous_response_id: response.id }),
  ).rejects.toMatchObject({
    status: 400,
    param: "previous_response_id",
  });
});

test("continues from any response; two continuations of one response are independent", async () => {
  script = (request) => ({ text: `echo ${request.messages.at(-1)!.content}` });
  const a = await client.responses.create({ model: "chat", input: "a" });
  const b1 = await client.responses.create({ model: "chat", input: "b1", previous_response_id: a.id });
  const b2 = await client.responses.create({ model: "chat", input: "b2", previous_response_id: a.id });
  expect(asked()).toEqual(["a", "echo a", "b2"]);
  await client.responses.create({ model: "chat", input: "c1", previous_response_id: b1.id });
  expect(asked()).toEqual(["a", "echo a", "b1", "echo b1", "c1"]);
  await client.responses.create({ model: "chat", input: "c2", previous_response_id: b2.id });
  expect(asked()).toEqual(["a", "echo a", "b2", "echo b2", "c2"]);
});

test("accepts a conversation as items, including its own output", async () => {
  script = () => ({ text: "Blue." });
  const first = await client.responses.create({ model: "chat", input: [{ role: "user", content: "A colour?" }] });
  await client.responses.create({
    model: "chat",
    input: [
      { role: "user", content: "A colour?" },
      ...(first.output as OpenAI.Responses.ResponseInputItem[]),
      {
        role: "user",
        content: [{ type: "input_text", text: "Another?" }],
      },
    ],
  });
  expect(asked().slice(0, 2)).toEqual(["A colour?", "Blue."]);
});

test("streams the events that the client folds", async () => {
  script = () => ({ text: "One two three four." });
  const types: string[] = [];
  let text = "";
  const stream = client.responses.stream({ model: "chat", input: "count" });
  stream.on("event", (event) => {
    types.push(event.type);
    if (event.type === "response.output_text.delta") text += event.delta;
  });
  const final = await stream.finalResponse();
  expect(text).toBe("One two three four.");
  expect(final.output_text).toBe("One two three four.");
  expect(types.filter((type, place) => type !== types[place - 1])).toEqual([
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.completed",
  ]);
});

test("refuses unsupported parameters", async () => {
  const create = (more: object) =>
    client.responses.create({
      model: "chat",
      input: "x",
      ...more,
    } as OpenAI.Responses.ResponseCreateParamsNonStreaming);
  for (const [more, param] of [
    [{ tools: [{ type: "web_search" }] }, "tools"],
    [{ background: true }, "background"],
    [{ text: { format: { type: "json_object" } } }, "text.format"],
    [{ graph: {} }, "graph"],
    [{ input: [] }, "input"],
    [{ input: [{ type: "function_call_output", call_id: "x", output: "y" }] }, "input[0].type"],
    [{ input: [{ role: "assistant", content: "x" }] }, "input[0].role"],
    [{ previous_response_id: "resp_none" }, "previous_response_id"],
  ] as const) {
    const error = await create(more).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({ param });
  }
  expect((await create({ instructions: "Be a pirate." })).status).toBe("completed");
  expect(JSON.stringify(served.mock.requests.at(-1))).not.toContain("pirate");
  await expect(create({ model: "strict", instructions: "Be a pirate." })).rejects.toMatchObject({
    status: 400,
    param: "instructions",
  });
});

test("a failed model is reported by a status, and is not retried", async () => {
  script = () => ({ status: 401, message: "no" });
  const before = served.mock.counts.chat;
  await expect(client.responses.create({ model: "chat", input: "x" })).rejects.toMatchObject({
    status: 502,
    code: "auth_failed",
  });
  await expect(client.responses.create({ model: "chat", input: "x", stream: true })).rejects.toMatchObject({
    status: 502,
  });
  expect(served.mock.counts.chat - before).toBe(2);
});

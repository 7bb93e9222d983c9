/** An agent with knowledge, called through each protocol: the sources of its citations arrive. */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import OpenAI from "openai";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { RunResult } from "../contract/run.ts";
import { chatGraph, type Served, serve } from "../testing/served.ts";
import { citationsOf, sourceLines } from "./citations.ts";

const REPLY = "Employees have fifteen days of leave [1].";
let served: Served;
let client: OpenAI;
let key: string;

beforeAll(async () => {
  served = await serve({ reply: () => ({ text: REPLY }) });
  await served.admin("POST", "/api/knowledge", { name: "handbook" });
  const { documents } = await served.admin<{ documents: { task: string }[] }>(
    "POST",
    "/api/knowledge/handbook/documents",
    { title: "leave.md", text: "# Leave\n\nEvery employee has fifteen days of paid leave a year." },
  );
  await vi.waitFor(async () => {
    expect(await served.admin("GET", `/api/tasks/${documents[0]!.task}`)).toMatchObject({ status: "done" });
  }, 20_000);
  const graph = chatGraph();
  graph.nodes.push({ id: "facts", type: "retriever", version: 1, config: { knowledge: "handbook" } });
  graph.edges.push(
    { from: "ask.message", to: "facts.query" },
    { from: "facts.documents", to: "brain.documents" },
    { from: "facts.documents", to: "reply.documents" },
  );
  await served.publish(graph, "handbook");
  ({ key } = await served.key());
  client = new OpenAI({ baseURL: `${served.origin}/v1`, apiKey: key });
});
afterAll(() => served.close());

const question = "How many days of paid leave?";
const place = REPLY.indexOf("[1]");

test("chat completions annotate the reply, whole and streamed", async () => {
  const body = { model: "handbook", messages: [{ role: "user" as const, content: question }] };
  const annotation = {
    type: "file_citation",
    file_citation: { start_index: place, end_index: place + 3, filename: "leave.md" },
  };
  const whole = await client.chat.completions.create(body);
  expect(whole.choices[0]!.message).toMatchObject({ content: REPLY, annotations: [annotation] });
  expect(whole).toMatchObject({ patchbay: { sources: [{ number: 1, title: "leave.md" }] } });
  const deltas = [];
  for await (const chunk of await client.chat.completions.create({ ...body, stream: true }))
    deltas.push(...chunk.choices.map((choice) => choice.delta));
  expect(deltas.at(-1)).toMatchObject({ annotations: [annotation] });
});

test("responses annotate the text", async () => {
  const annotations = [{ type: "file_citation", filename: "leave.md", index: place }];
  const whole = await client.responses.create({ model: "handbook", input: question });
  expect(whole.output).toMatchObject([{ content: [{ text: REPLY, annotations }] }]);
  const streamed = await client.responses.stream({ model: "handbook", input: question }).finalResponse();
  expect(streamed.output).toMatchObject([{ content: [{ text: REPLY, annotations }] }]);
});

test("MCP adds the list of sources", async () => {
  const mcp = new Client({ name: "test", version: "1" });
  await mcp.connect(
    new StreamableHTTPClientTransport(new URL(`${served.origin}/mcp/handbook`), {
      requestInit: { headers: { authorization: `Bearer ${key}` } },
    }),
  );
  const result = await mcp.callTool({ name: "handbook", arguments: { message: question } });
  await mcp.close();
  expect(result.content).toMatchObject([
    { text: REPLY },
    { text: expect.stringMatching(/^Sources:\n\[1\] leave\.md/) },
  ]);
  expect(result._meta).toMatchObject({ "patchbay/sources": [{ number: 1, title: "leave.md" }] });
});

test("A2A sends them with the task", async () => {
  const response = await fetch(`${served.origin}/v1/a2a/handbook`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", "a2a-version": "1.0" },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "SendMessage",
      params: { message: { messageId: "m", role: "ROLE_USER", parts: [{ text: question }] } },
    }),
  });
  expect(await response.json()).toMatchObject({
    result: { task: { metadata: { "patchbay/sources": [{ number: 1, title: "leave.md" }] } } },
  });
});

test("markers of several sources and of none", () => {
  const documents = ["a.md", "https://example.com/b"].map((title, n) => ({ id: `d${n}`, title, text: "x", score: 1 }));
  const result = {
    output: { reply: "Both [1, 2]. 都有【2】. Not [3], not [x], not [].", documents },
  } as unknown as RunResult;
  const { citations, sources } = citationsOf(result);
  expect(citations.map(({ number, start, end }) => [number, start, end])).toEqual([
    [1, 5, 11],
    [2, 5, 11],
    [2, 15, 18],
  ]);
  expect(sourceLines(sources)).toBe("[1] a.md\n[2] https://example.com/b");
  expect(citationsOf({ output: { reply: "[1]" } } as unknown as RunResult).sources).toEqual([]);
});

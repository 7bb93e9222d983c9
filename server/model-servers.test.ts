/** Whole runs against a model server with rules of its own, over a session. */
import { afterEach, expect, test } from "vitest";
import type { MockReply, MockRequest } from "./testing/mock-model.ts";
import { all, chat, sseOf, type TestApp, testApp } from "./testing/test-app.ts";

let app: TestApp | undefined;
afterEach(() => app?.close());

async function start(reply: (request: MockRequest, index: number) => MockReply, graph: unknown) {
  let index = 0;
  app = await testApp({ mock: { reply: (request) => reply(request, index++) } });
  const { id } = await app.json<{ id: string }>("POST", "/api/agents", { body: { graph }, status: 201 });
  const say = async (message: string, session?: string) => {
    const answer = await app!.request("POST", `/api/agents/${id}/runs`, {
      body: { input: { message }, ...(session && { session }) },
      headers: { accept: "text/event-stream" },
    });
    return (await all(sseOf(answer))).map((one) => one.data as Record<string, never>);
  };
  return { app, say };
}

const calculator = chat({ tools: ["builtin/calculator"], approve: { "builtin/calculator": "auto" } });

test("thoughts come back with their call, in the same turn, in the next, and after a restart", async () => {
  const lacks = ({ messages }: MockRequest) =>
    messages.some((one) => one.tool_calls && (one as { reasoning_content?: string }).reasoning_content !== "A sum.");
  const { app, say } = await start((request) => {
    if (lacks(request))
      return { status: 400, message: "The `reasoning_content` in the thinking mode must be passed back to the API." };
    const last = request.messages.at(-1)!;
    if (last.role === "tool") return { text: `It is ${String(last.content)}.`, reasoning: "Done." };
    if (last.content === "Sure?") return { text: "Yes." };
    return { reasoning: "A sum.", calls: [{ name: "calculator", arguments: { expression: "1+2" } }] };
  }, calculator);
  const replyOf = (items: Record<string, never>[]) => (items.at(-1)!.output as { reply?: string } | undefined)?.reply;
  expect(replyOf(await say("What is 1 + 2?", "s1"))).toBe("It is 3.");
  expect(replyOf(await say("Sure?", "s1"))).toBe("Yes.");
  await app.restart();
  expect(replyOf(await say("Sure?", "s1"))).toBe("Yes.");
  expect(app.mock.requests, "nothing was refused").toHaveLength(4);
});

test("text that turns out to be thoughts is taken back on the stream", async () => {
  const { say } = await start(() => ({ text: "The user says hi.\n</think>\n\nHello!" }), chat());
  const items = await say("hi");
  const texts = items.filter((item) => item.type === "delta" && item.kind === "text") as unknown as {
    text: string;
    offset: number;
  }[];
  const shown = texts.reduce((before, { text, offset }) => before.slice(0, offset) + text, "");
  expect(shown).toBe("Hello!");
  expect(items.at(-1)).toMatchObject({ type: "run-end", output: { reply: "Hello!" } });
});

test("a small context: the answer is shortened, the limit is known from then on, and what does not fit is said", async () => {
  const limit = 4096;
  const { app, say } = await start((request) => {
    const prompt = Math.ceil(JSON.stringify(request.messages).length / 4);
    const asked = (request as { max_tokens?: number }).max_tokens ?? 0;
    if (prompt + asked <= limit) return { text: "ok" };
    return {
      status: 400,
      message: `This model's maximum context length is ${limit} tokens. However, you requested ${prompt + asked} tokens (${prompt} in the messages, ${asked} in the completion).`,
    };
  }, chat());
  expect((await say("hi")).at(-1)).toMatchObject({ output: { reply: "ok" } });
  expect(app.mock.requests).toHaveLength(2);
  expect((await say("hi")).at(-1)).toMatchObject({ output: { reply: "ok" } });
  expect(app.mock.requests, "the limit is known").toHaveLength(3);
  expect((await say("word ".repeat(20_000))).at(-1)).toMatchObject({
    type: "run-fail",
    error: { code: "context_overflow", message: expect.stringContaining("of the 4096 that it takes") },
  });
});

test("a model that takes no tools is asked in words, from then on", async () => {
  const { app, say } = await start((request) => {
    if (request.tools) return { status: 400, message: "registry.ollama.ai/library/mock does not support tools" };
    const last = String(request.messages.at(-1)!.content);
    if (last.includes("<tool_response>")) return { text: "It is 3." };
    return { text: '<tool_call>{"name": "calculator", "arguments": {"expression": "1+2"}}</tool_call>' };
  }, calculator);
  for (const requests of [3, 5]) {
    expect((await say("What is 1 + 2?")).at(-1)).toMatchObject({
      output: { reply: "It is 3." },
      usage: { toolCalls: 1 },
    });
    expect(app.mock.requests).toHaveLength(requests);
  }
});

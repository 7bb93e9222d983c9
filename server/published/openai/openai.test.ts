/** Published agents through the real `openai` client, and invalid requests by hand. */
import OpenAI, { type APIError, AuthenticationError, BadRequestError, NotFoundError } from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { MockReply, MockRequest } from "../../testing/mock-model.ts";
import { chatGraph, type Served, serve } from "../../testing/served.ts";

let served: Served;
let key: string;
let client: OpenAI;
/** The next responses of the model. Without it, its default. */
let script: ((request: MockRequest) => MockReply | undefined) | undefined;

beforeAll(async () => {
  served = await serve({ reply: (request) => script?.(request) });
  await served.publish(chatGraph(), "chat");
  await served.publish(chatGraph({ settings: { systemText: "refuse" } }), "strict");
  await served.publish(
    chatGraph({ tools: ["builtin/calculator"], approve: { "builtin/calculator": "ask" } }),
    "careful",
  );
  await served.publish(chatGraph(), "hidden");
  ({ key } = await served.key(["chat", "strict", "careful"]));
  client = new OpenAI({ baseURL: `${served.origin}/v1`, apiKey: key });
});
afterAll(() => served.close());

const say = (content: string, more: object = {}) => ({
  model: "chat",
  messages: [{ role: "user" as const, content }],
  ...more,
});
async function post(
  body: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: never; headers: Headers }> {
  const answer = await fetch(`${served.origin}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as never, headers: answer.headers };
}

describe("the openai client", () => {
  test("lists only the agents that the key may call", async () => {
    const ids = [];
    for await (const model of client.models.list()) ids.push(model.id);
    expect(ids).toEqual(["careful", "careful@1", "chat", "chat@1", "strict", "strict@1"]);
    expect(await client.models.retrieve("chat")).toMatchObject({ id: "chat", object: "model", owned_by: "patchbay" });
    await expect(client.models.retrieve("hidden")).rejects.toThrow(NotFoundError);
  });

  test("chats", async () => {
    script = undefined;
    const answer = await client.chat.completions.create(
      say("hello", { temperature: 0.3, max_tokens: 5, store: true, response_format: { type: "text" } }),
    );
    expect(answer).toMatchObject({
      object: "chat.completion",
      model: "chat",
      choices: [
        {
          index: 0,
          finish_reason: "stop",
          message: { role: "assistant", content: "This is the scripted answer of the mock model." },
        },
      ],
      patchbay: { status: "done" },
    });
    expect(answer.usage!.total_tokens).toBe(answer.usage!.prompt_tokens + answer.usage!.completion_tokens);
    expect(answer.usage!.prompt_tokens).toBeGreaterThan(0);
    expect(JSON.stringify(answer)).not.toContain(served.mock.url);
    expect((await client.chat.completions.create({ ...say("hello"), model: "chat@1" })).model).toBe("chat@1");
  });

  test("streams, with usage when asked", async () => {
    script = () => ({ text: "One two three four five." });
    const pieces: string[] = [];
    const ends: unknown[] = [];
    const usages: unknown[] = [];
    const stream = await client.chat.completions.create(
      say("count", {
        stream: true,
        stream_options: { include_usage: true },
      }) as OpenAI.ChatCompletionCreateParamsStreaming,
    );
    for await (const chunk of stream) {
      for (const choice of chunk.choices) {
        if (choice.delta.content) pieces.push(choice.delta.content);
        if (choice.finish_reason) ends.push(choice.finish_reason);
      }
      if (chunk.usage) usages.push(chunk.usage);
    }
    expect(pieces.join("")).toBe("One two three four five.");
    expect(ends).toEqual(["stop"]);
    expect(usages).toHaveLength(1);
    const runner = client.chat.completions.stream(say("count"));
    expect(await runner.finalContent()).toBe("One two three four five.");
  });

  test("continues a conversation, its own or the session's", async () => {
    script = undefined;
    await client.chat.completions.create({
      model: "chat",
      messages: [
        { role: "user", content: "My name is Ada." },
        { role: "assistant", content: "Hello Ada." },
        { role: "user", content: "What is my name?" },
      ],
    });
    const asked = served.mock.requests.at(-1)!.messages.filter((message) => message.role !== "system");
    expect(asked.map((message) => message.content)).toEqual(["My name is Ada.", "Hello Ada.", "What is my name?"]);
    for (const content of ["first turn", "second turn"])
      await client.chat.completions.create(say(content, { metadata: { session: "s-1" }, user: "ada" }));
    const second = served.mock.requests.at(-1)!.messages.filter((message) => message.role === "user");
    expect(second.map((message) => message.content)).toEqual(["first turn", "second turn"]);
    const { runs } = await served.admin<{ runs: { session?: string; user?: string }[] }>("GET", "/api/runs?limit=1");
    expect(runs[0]).toMatchObject({ session: "s-1", user: "ada" });
  });

  test("gets clear errors about a key, an agent and a parameter", async () => {
    const stranger = new OpenAI({ baseURL: `${served.origin}/v1`, apiKey: "pb_wrong", maxRetries: 0 });
    await expect(stranger.chat.completions.create(say("x"))).rejects.toThrow(AuthenticationError);
    await expect(stranger.chat.completions.create(say("x"))).rejects.toMatchObject({
      status: 401,
      code: "invalid_api_key",
      type: "authentication_error",
    });
    for (const model of ["hidden", "nobody", "chat@9", "chat@0", "../chat"]) {
      await expect(client.chat.completions.create({ ...say("x"), model })).rejects.toMatchObject({
        status: 404,
        code: "not_found",
        type: "invalid_request_error",
      });
    }
    const refusal = await client.chat.completions.create({ ...say("x"), n: 2 }).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(BadRequestError);
    expect(refusal).toMatchObject({ param: "n" });
  });

  test("gets one error for a failed model, streamed or not, and does not retry", async () => {
    script = () => ({ status: 401, message: "bad key at http://inner.example" });
    const before = served.mock.counts.chat;
    const failed = await client.chat.completions.create(say("x")).catch((error: APIError) => error);
    expect(failed).toMatchObject({ status: 502, code: "auth_failed" });
    expect((failed as APIError).message).not.toContain("inner.example");
    const stream = await client.chat.completions
      .create(say("x", { stream: true }) as OpenAI.ChatCompletionCreateParamsStreaming)
      .catch((error: APIError) => error);
    expect(stream).toMatchObject({ status: 502, code: "auth_failed" });
    expect(served.mock.counts.chat - before).toBe(2);
  });

  test("reads text files, and refuses an image that no model can see", async () => {
    script = undefined;
    const pixel = "data:image/png;base64,iVBORw0KGgo=";
    const parts = [
      { type: "text" as const, text: "what is this?" },
      { type: "file" as const, file: { filename: "notes.txt", file_data: "data:text/plain;base64,aGVsbG8=" } },
    ];
    expect(
      (await client.chat.completions.create({ model: "chat", messages: [{ role: "user", content: parts }] }))
        .choices[0]!.finish_reason,
    ).toBe("stop");
    expect(JSON.stringify(served.mock.requests.at(-1)!.messages)).toContain("\\nhello\\n");
    const image = [{ type: "image_url" as const, image_url: { url: pixel } }];
    await expect(
      client.chat.completions.create({ model: "chat", messages: [{ role: "user", content: image }] }),
    ).rejects.toMatchObject({ status: 400, message: expect.stringContaining("no model of this agent can read") });
    const remote = [{ type: "image_url" as const, image_url: { url: "http://169.254.169.254/x.png" } }];
    await expect(
      client.chat.completions.create({ model: "chat", messages: [{ role: "user", content: remote }] }),
    ).rejects.toMatchObject({
      status: 400,
      param: "messages[0].content[0].image_url",
    });
  });

  test("gets a text when a person must approve", async () => {
    script = (request) =>
      request.tools && request.messages.at(-1)!.role === "user"
        ? { calls: [{ name: "calculator", arguments: { expression: "2+2" } }] }
        : { text: "It is 4." };
    const answer = await client.chat.completions.create({ ...say("what is 2+2?"), model: "careful" });
    const { patchbay } = answer as unknown as {
      patchbay: { run: string; status: string; waits: { wait: string; call: unknown; node?: string }[] };
    };
    expect(answer.choices[0]!.message.content).toMatch(/must approve/);
    expect(patchbay).toMatchObject({
      status: "waiting",
      waits: [{ kind: "approval", call: { tool: "builtin/calculator", arguments: { expression: "2+2" } } }],
    });
    expect(patchbay.waits[0]).not.toHaveProperty("node");
    const chunks = [];
    const stream = await client.chat.completions.create({ ...say("2+2 是多少？"), model: "careful", stream: true });
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("")).toMatch(/批准/);
    expect(chunks.at(-1)).toMatchObject({ choices: [{ finish_reason: "stop" }], patchbay: { status: "waiting" } });
    await served.admin("POST", `/api/runs/${patchbay.run}/answer`, {
      wait: patchbay.waits[0]!.wait,
      choice: "approve",
    });
    script = undefined;
  });
});

describe("unsupported input", () => {
  test.each([
    ["a graph", { graph: {} }, "graph"],
    ["a config", { config: {} }, "config"],
    ["inputs", { input: {} }, "input"],
    ["tools", { tools: [{ type: "function", function: { name: "x" } }] }, "tools"],
    ["a tool choice", { tool_choice: "required" }, "tool_choice"],
    ["functions", { functions: [{ name: "x" }] }, "functions"],
    ["another format", { response_format: { type: "json_object" } }, "response_format"],
    ["audio", { modalities: ["text", "audio"] }, "modalities"],
    ["no messages", { messages: [] }, "messages"],
    ["a tool message", { messages: [{ role: "tool", content: "x", tool_call_id: "y" }] }, "messages[0].role"],
    [
      "an assistant's calls",
      {
        messages: [
          { role: "assistant", content: null, tool_calls: [{ id: "x" }] },
          { role: "user", content: "x" },
        ],
      },
      "messages[0].tool_calls",
    ],
    ["an assistant at the end", { messages: [{ role: "assistant", content: "x" }] }, "messages[0].role"],
    ["a strange role", { messages: [{ role: "root", content: "x" }] }, "messages[0].role"],
    ["content that is a number", { messages: [{ role: "user", content: 5 }] }, "messages[0].content"],
    ["a user that is a list", { user: ["x"] }, "user"],
    [
      "another's file",
      { messages: [{ role: "user", content: [{ type: "file", file: { file_id: "file-1" } }] }] },
      "messages[0].content[0].file_id",
    ],
  ])("%s", async (_name, more, param) => {
    expect(await post({ ...say("x"), ...more })).toMatchObject({
      status: 400,
      body: { error: { type: "invalid_request_error", param } },
    });
  });

  test("broken JSON, a wrong type, too large a body, prototypes", async () => {
    expect(await post("{oops")).toMatchObject({ status: 400, body: { error: { code: "bad_json" } } });
    expect(await post("{}", { "content-type": "text/plain" })).toMatchObject({
      status: 415,
      body: { error: { type: "invalid_request_error" } },
    });
    expect(await post(say("x".repeat(1024 * 1024)))).toMatchObject({ status: 413 });
    expect(await post('{"model":"chat","messages":[{"role":"user","content":"x"}],"__proto__":{"a":1}}')).toMatchObject(
      { status: 400 },
    );
  });

  test("system text is ignored and reported, or refused, by the version's setting", async () => {
    const messages = [
      { role: "system", content: "You are a pirate." },
      { role: "developer", content: "Swear." },
      { role: "user", content: "hello" },
    ];
    const taken = await post({ model: "chat", messages });
    expect(taken.status).toBe(200);
    expect(taken.headers.get("x-patchbay-ignored")).toBe("system, developer");
    expect(JSON.stringify(served.mock.requests.at(-1))).not.toContain("pirate");
    expect(await post({ model: "strict", messages })).toMatchObject({
      status: 400,
      body: { error: { param: "messages" } },
    });
    expect((await post({ model: "strict", messages: messages.slice(2) })).status).toBe(200);
  });

  test("a parameter without effect is accepted and named; one that would change the request is refused", async () => {
    const sent = {
      ...say("hello"),
      temperature: 0.2,
      min_p: 0.1,
      chat_template_kwargs: { thinking: false },
      top_p: null,
    };
    const taken = await post({ ...sent, "odd name\r\nx: y": 1 });
    expect(taken.status).toBe(200);
    expect(taken.headers.get("x-patchbay-ignored")).toBe("temperature, min_p, chat_template_kwargs");
    const respond = (body: object) =>
      fetch(`${served.origin}/v1/responses`, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        body: JSON.stringify({ model: "chat", input: "hello", ...body }),
      });
    const response = await respond({ store: false, future_setting: 1 });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-patchbay-ignored")).toBe("store, future_setting");
    expect((await respond({ conversation: "conv_1" })).status).toBe(400);
    expect((await respond({ temperature: 1, text: { format: { type: "json_object" } } })).status).toBe(400);
  });

  test("a key without the right to run", async () => {
    const { key: idle } = await served.key("*", { rights: ["answer"] });
    const answer = await fetch(`${served.origin}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${idle}`, "content-type": "application/json" },
      body: JSON.stringify(say("x")),
    });
    expect(answer.status).toBe(403);
  });
});

describe("disconnecting and retrying", () => {
  test("the same Idempotency-Key is the same run; another body is refused", async () => {
    script = undefined;
    const headers = { "idempotency-key": "once" };
    const first = await post(say("do it once"), headers);
    const before = served.mock.counts.chat;
    const again = await post(say("do it once"), headers);
    expect(again.body).toMatchObject({
      id: (first.body as { id: string }).id,
      choices: [{ message: { content: "This is the scripted answer of the mock model." } }],
    });
    expect(served.mock.counts.chat).toBe(before);
    expect(await post(say("do something else"), headers)).toMatchObject({ status: 409 });
    const streamedOnce = async () => {
      const stream = await client.chat.completions.create(
        say("stream it once", { stream: true }) as OpenAI.ChatCompletionCreateParamsStreaming,
        { headers: { "idempotency-key": "stream-once" } },
      );
      let text = "";
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
      return text;
    };
    expect([await streamedOnce(), await streamedOnce()]).toEqual(
      new Array(2).fill("This is the scripted answer of the mock model."),
    );
  });

  test.each([
    ["whole", false],
    ["streamed", true],
  ])("a caller that hangs up cancels the run and its model call (%s)", async (_name, stream) => {
    const slow = await serve({ chunkMs: 10, text: "word ".repeat(400) });
    try {
      await slow.publish(chatGraph(), "chat");
      const { key: own } = await slow.key();
      for (const idempotent of [false, true]) {
        const hangUp = new AbortController();
        const call = fetch(`${slow.origin}/v1/chat/completions`, {
          method: "POST",
          signal: hangUp.signal,
          headers: {
            authorization: `Bearer ${own}`,
            "content-type": "application/json",
            ...(idempotent && { "idempotency-key": "stay" }),
          },
          body: JSON.stringify(say("talk long", { stream })),
        });
        const read = call.then(async (answer) => {
          for await (const chunk of answer.body!) if (new TextDecoder().decode(chunk).includes("word")) hangUp.abort();
        });
        read.catch(() => {});
        if (!stream) {
          await expect.poll(() => slow.mock.counts.chat).toBeGreaterThan(idempotent ? 1 : 0);
          hangUp.abort();
        }
        await read.catch(() => {});
        const last = async () =>
          (await slow.admin<{ runs: { id: string; status: string }[] }>("GET", "/api/runs?limit=1")).runs[0];
        if (idempotent) {
          await expect.poll(async () => (await last())?.status).toBe("running");
          await slow.admin("POST", `/api/runs/${(await last())!.id}/cancel`, {});
        } else {
          await expect.poll(async () => (await last())?.status).toBe("cancelled");
          await expect.poll(() => slow.mock.counts.closedEarly).toBe(1);
        }
      }
    } finally {
      await slow.close();
    }
  });

  test("a revoked key ends its streams", async () => {
    const slow = await serve({ chunkMs: 10, text: "word ".repeat(400) });
    try {
      await slow.publish(chatGraph(), "chat");
      const { id, key: own } = await slow.key();
      const mine = new OpenAI({ baseURL: `${slow.origin}/v1`, apiKey: own, maxRetries: 0 });
      const stream = await mine.chat.completions.create(
        say("talk long", { stream: true }) as OpenAI.ChatCompletionCreateParamsStreaming,
      );
      const reading = (async () => {
        let revoked = false;
        for await (const _chunk of stream) {
          if (revoked) continue;
          revoked = true;
          await slow.admin("DELETE", `/api/keys/${id}`);
        }
      })();
      await expect(reading).rejects.toThrow(/revoked/);
    } finally {
      await slow.close();
    }
  });
});

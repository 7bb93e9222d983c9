/** Runs as the builder sees them: answered, streamed, cancelled, resumed; R1–R7 of the promises. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Delta, RunEvent } from "../../runtime/event.ts";
import { foldRun } from "../../runtime/fold-run.ts";
import type { RunResult, RunRow } from "../contract/run.ts";
import { all, approval, chat, echo, graphOf, sseOf, type TestApp, testApp } from "../testing/test-app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp({
    mock: {
      chunkMs: 1,
      reply: (request) => (lastText(request) === "fail" ? { status: 400, message: "no" } : undefined),
    },
  });
});
afterAll(() => app.close());

const lastText = (request: { messages: { content?: unknown }[] }) => request.messages.at(-1)?.content;
const SSE = { accept: "text/event-stream" };
const run = (graph: unknown, body: object = {}, headers: Record<string, string> = {}) =>
  app.request("POST", "/api/runs", { body: { graph, input: { message: "Hello" }, ...body }, headers });
const result = async (answer: Response) => (await answer.json()) as RunResult;
const events = async (id: string) => (await app.json<{ events: RunEvent[] }>("GET", `/api/runs/${id}/events`)).events;
const stored = (messages: { event: string; data: never }[]) =>
  messages.filter((one) => one.event !== "delta").map((one) => one.data as RunEvent);

/** Waits until `found` gives something, woken by the run's events. */
async function until<T>(id: string, found: (events: RunEvent[]) => T | undefined): Promise<T> {
  const answer = await app.request("GET", `/api/runs/${id}/events`, { headers: SSE });
  const seen: RunEvent[] = [];
  for await (const message of sseOf(answer)) {
    if (message.event !== "delta") seen.push(message.data);
    const value = found(seen);
    if (value !== undefined) return value;
  }
  throw new Error(`Run ${id} ended: ${JSON.stringify(seen.at(-1))}`);
}
describe("a run is answered", () => {
  test("when it ends, with its output and usage", async () => {
    const answer = await result(await run(chat()));
    expect(answer).toMatchObject({
      status: "done",
      output: { reply: "This is the scripted answer of the mock model." },
      usage: { inputTokens: expect.any(Number), outputTokens: 12, steps: 1, toolCalls: 0 },
    });
    expect(await app.json("GET", `/api/runs/${answer.id}`)).toMatchObject({
      ...answer,
      message: "Hello",
      name: "Test agent",
    });
  });

  test("as a stream: every stored event once and in order, text on its way between them", async () => {
    const answer = await run(chat(), {}, SSE);
    expect(answer.headers.get("content-type")).toMatch("text/event-stream");
    const messages = await all(sseOf(answer));
    const log = stored(messages);
    expect(log.map((event) => event.seq)).toEqual([...log.keys()]);
    expect(log.at(-1)?.type).toBe("run-end");
    for (const message of messages)
      expect(message.id).toBe(message.event === "delta" ? undefined : String((message.data as RunEvent).seq));
    const deltas = messages.filter((one) => one.event === "delta").map((one) => one.data as Delta);
    let text = "";
    for (const delta of deltas) {
      expect(delta).toMatchObject({ node: "brain", kind: "text", answer: true, offset: text.length });
      text += delta.text;
    }
    expect(text).toBe("This is the scripted answer of the mock model.");
    expect(await events(log[0]!.run)).toEqual(log);
    // The text comes after the prompt and before the finished message.
    const types = messages.map((one) => one.event);
    expect(types.indexOf("delta")).toBeGreaterThan(types.indexOf("prompt-built"));
    expect(types.lastIndexOf("delta")).toBeLessThan(types.indexOf("message"));
  });

  test("at once, when it is asked for later", async () => {
    const answer = await run(chat(), {}, { prefer: "respond-async" });
    expect(answer.status).toBe(202);
    const { id } = await result(answer);
    expect(answer.headers.get("location")).toBe(`/api/runs/${id}`);
    // R1: what was accepted is on disk.
    expect(await app.services.log.last(id)).toBeGreaterThanOrEqual(0);
    expect(await until(id, (seen) => seen.find((event) => event.type === "run-end"))).toBeDefined();
  });

  test("also when it fails, with a typed error", async () => {
    const answer = await result(await run(chat(), { input: { message: "fail" } }));
    expect(answer).toMatchObject({
      status: "failed",
      error: { code: expect.stringMatching(/^[a-z_]+$/), message: expect.any(String) },
    });
    expect(answer.output).toBeUndefined();
  });

  test("a tool call and its result are in the log, in order", async () => {
    const answer = await result(await run(chat({ tools: ["builtin/calculator"] }), { input: { message: "2 + 3" } }));
    expect(answer).toMatchObject({ status: "done", usage: { steps: 2, toolCalls: 1 } });
    const types = (await events(answer.id)).map((event) => event.type);
    expect(types.filter((type) => ["message", "tool-start", "tool-end", "run-end"].includes(type))).toEqual([
      "message",
      "tool-start",
      "tool-end",
      "message",
      "run-end",
    ]);
  });
});

describe("input", () => {
  const fields = graphOf(
    {
      ask: [
        "input",
        {
          fields: [
            { name: "city", kind: "text", required: true },
            { name: "more", kind: "json", required: false },
          ],
        },
      ],
      reply: ["output"],
    },
    ["ask.city reply.reply"],
  );
  test.each([
    [{ message: "x" }, "/input/city"],
    [{ message: "x", city: 7 }, "/input/city"],
    [{ message: 7, city: "Oslo" }, "/input/message"],
    [{ message: "x", city: "Oslo", graph: {} }, "/input/graph"],
    [{ message: "x", city: "Oslo", files: ["file_none"] }, "/input/files/0"],
    [{ message: "x", city: "Oslo", files: "all" }, "/input/files"],
    [{ message: "x", city: "Oslo", history: [{ role: "system", content: "obey" }] }, "/input/history"],
    [{ message: "x", city: "Oslo", history: "long" }, "/input/history"],
  ])("%j is refused at %s", async (input, path) => {
    const answer = await run(fields, { input });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { code: "bad_request", path } });
  });

  test("declared fields and uploads reach the graph", async () => {
    expect(await result(await run(fields, { input: { city: "Oslo", more: { a: [1] } } }))).toMatchObject({
      status: "done",
      output: { reply: "Oslo" },
    });
    const form = new FormData();
    form.append("file", new File(["hello"], "note.txt", { type: "text/plain" }));
    const { id } = (await (await app.request("POST", "/api/files", { body: form })).json()) as { id: string };
    const passing = graphOf({ ask: ["input"], reply: ["output"] }, ["ask.files reply.reply"]);
    expect(await result(await run(passing, { input: { message: "", files: [id] } }))).toMatchObject({
      output: { reply: [{ id, name: "note.txt", bytes: 5 }] },
    });
  });

  test("a part of the graph can be run, with pinned outputs before it", async () => {
    const answer = await result(await run(chat(), { pins: { brain: { text: "pinned" } } }));
    expect(answer).toMatchObject({ status: "done", output: { reply: "pinned" }, usage: { steps: 0 } });
    const part = await result(await run(chat(), { range: { to: "ask" } }));
    expect((await events(part.id)).some((event) => "node" in event && event.node === "brain")).toBe(false);
  });
});

describe("a reader", () => {
  test("cut at every event and come back with Last-Event-ID, has what an uncut one has", async () => {
    const { id } = await result(await run(chat({ tools: ["builtin/calculator"] })));
    const whole = await events(id);
    for (let cut = 0; cut < whole.length; cut++) {
      const answer = await app.request("GET", `/api/runs/${id}/events`, {
        headers: { ...SSE, "last-event-id": String(cut) },
      });
      expect(stored(await all(sseOf(answer)))).toEqual(whole.slice(cut + 1));
    }
    const page = await app.json<{ events: RunEvent[]; last: number }>("GET", `/api/runs/${id}/events?after=2&limit=3`);
    expect(page.events).toEqual(whole.slice(3, 6));
    expect(page.last).toBe(whole.length - 1);
  });

  test("with a garbage or future Last-Event-ID is told so", async () => {
    const { id } = await result(await run(echo));
    for (const value of ["-1", "x", "1.5", "999", "9".repeat(30)])
      expect(
        (await app.request("GET", `/api/runs/${id}/events`, { headers: { ...SSE, "last-event-id": value } })).status,
        value,
      ).toBe(400);
    for (const headers of [SSE, {}] as Record<string, string>[])
      expect((await app.request("GET", "/api/runs/nothing/events", { headers })).status).toBe(404);
  });

  test("that joins late has the text so far at offset 0; many readers see the same", async () => {
    // Half of the answer comes; the rest when all readers have had that half.
    const rest = Promise.withResolvers<void>();
    const slow = await testApp({ mock: { hold: (piece) => (piece === 4 ? rest.promise : undefined) } });
    try {
      const started = await slow.request("POST", "/api/runs", {
        body: { graph: chat(), input: { message: "x" } },
        headers: { prefer: "respond-async" },
      });
      const { id } = (await started.json()) as { id: string };
      const read = async () => {
        const messages: { event: string; data: never }[] = [];
        const joined = Promise.withResolvers<void>();
        const reading = (async () => {
          for await (const message of sseOf(await slow.request("GET", `/api/runs/${id}/events`, { headers: SSE }))) {
            messages.push(message);
            if (message.event === "delta") joined.resolve();
          }
          return messages;
        })();
        await joined.promise;
        return { reading };
      };
      const first = await read();
      const late = await Promise.all([read(), read(), read()]);
      rest.resolve();
      const readers = await Promise.all([first, ...late].map((one) => one.reading));
      for (const messages of readers) {
        const deltas = messages.filter((one) => one.event === "delta").map((one) => one.data as Delta);
        expect(deltas[0]?.offset).toBe(0);
        expect(deltas.map((one) => one.text).join("")).toBe("This is the scripted answer of the mock model.");
        expect(stored(messages)).toEqual(stored(readers[0]!));
      }
    } finally {
      await slow.close();
    }
  });

  test("who started the run misses no text, however late it comes", async () => {
    const { runs } = app.services;
    const { id, done } = await runs.start({ graph: chat() as never }, { message: "Hello" }, {}, { stream: true });
    await done;
    const items = await all(runs.follow(id, { signal: new AbortController().signal }));
    const kinds = items.map((item) => item.type);
    expect(items.map((item) => (item.type === "delta" ? item.text : "")).join("")).toBe(
      "This is the scripted answer of the mock model.",
    );
    expect(kinds.lastIndexOf("delta")).toBeLessThan(kinds.indexOf("message"));
    // It was kept for one reader; the next one reads it in the message.
    const again = await all(runs.follow(id, { signal: new AbortController().signal }));
    expect(again.every((item) => item.type !== "delta")).toBe(true);
  });

  test("that goes away does not stop the run", async () => {
    const answer = await run(chat(), {}, SSE);
    const reader = sseOf(answer);
    const first = (await reader.next()).value!;
    await reader.return(undefined);
    const { run: id } = first.data as RunEvent;
    expect(await until(id, (seen) => seen.find((event) => event.type === "run-end"))).toBeDefined();
  });
});

describe("cancelling", () => {
  test("stops the model call at once, is final, and twice is once", async () => {
    const slow = await testApp({ mock: { delayMs: 20_000 } });
    try {
      const started = await slow.request("POST", "/api/runs", {
        body: { graph: chat(), input: { message: "x" } },
        headers: { prefer: "respond-async" },
      });
      const { id } = (await started.json()) as { id: string };
      const reader = sseOf(await slow.request("GET", `/api/runs/${id}/events`, { headers: SSE }));
      for await (const message of reader) if (message.event === "prompt-built") break;
      const [one, two] = await Promise.all([0, 1].map(() => slow.json<RunResult>("POST", `/api/runs/${id}/cancel`)));
      expect(one).toMatchObject({ id, status: "cancelled" });
      expect(two).toMatchObject({ id, status: "cancelled" });
      const log = (await slow.json<{ events: RunEvent[] }>("GET", `/api/runs/${id}/events`)).events;
      expect(log.filter((event) => event.type === "run-cancel")).toHaveLength(1);
      expect(log.at(-1)?.type).toBe("run-cancel");
      expect(await slow.json("POST", `/api/runs/${id}/cancel`)).toMatchObject({ status: "cancelled" });
    } finally {
      await slow.close();
    }
  });

  test("works on a run that waits, and changes nothing about one that ended", async () => {
    const { id } = await result(await run(approval()));
    expect(await app.json("POST", `/api/runs/${id}/cancel`)).toMatchObject({ status: "cancelled" });
    expect(
      await app.json("POST", `/api/runs/${id}/answer`, { body: { wait: "w", choice: "approve" }, status: 404 }),
    ).toBeDefined();
    const ended = await result(await run(echo));
    expect(await app.json("POST", `/api/runs/${ended.id}/cancel`)).toMatchObject({ status: "done" });
    await app.json("POST", "/api/runs/nothing/cancel", { status: 404 });
  });
});

describe("waiting for a person", () => {
  test("parks the run, which goes on with the answer", async () => {
    const waiting = await result(await run(approval()));
    expect(waiting).toMatchObject({
      status: "waiting",
      waits: [{ kind: "approval", question: "Send it?", node: "gate" }],
    });
    expect(await app.json("GET", `/api/runs/${waiting.id}`)).toMatchObject({ status: "waiting", waits: waiting.waits });
    const wait = waiting.waits![0]!.wait;
    for (const [answer, status] of [
      [{ wait: "other", choice: "approve" }, 404],
      [{ wait, choice: "retry" }, 400],
      [{ wait, choice: "perhaps" }, 400],
    ] as const)
      await app.json("POST", `/api/runs/${waiting.id}/answer`, { body: answer, status });
    const done = await app.json<RunResult>("POST", `/api/runs/${waiting.id}/answer`, {
      body: { wait, choice: "approve", value: "mended" },
    });
    expect(done).toMatchObject({ status: "done", output: { reply: "mended" } });
  });

  test("clicked twice has one effect; the other answer comes too late", async () => {
    const { id, waits } = await result(await run(approval()));
    const body = { wait: waits![0]!.wait, choice: "approve" };
    const both = await Promise.all([0, 1].map(() => app.json<RunResult>("POST", `/api/runs/${id}/answer`, { body })));
    for (const one of both) expect(one).toMatchObject({ status: "done" });
    expect((await events(id)).filter((event) => event.type === "run-resume")).toHaveLength(1);
    await app.json("POST", `/api/runs/${id}/answer`, { body });
    await app.json("POST", `/api/runs/${id}/answer`, { body: { ...body, choice: "reject" }, status: 409 });
  });

  test("goes on after a restart, and an answer can be streamed", async () => {
    const { id, waits } = await result(await run(approval()));
    const before = await events(id);
    await app.restart();
    expect(await app.json("GET", `/api/runs/${id}`)).toMatchObject({ status: "waiting" });
    // Waiting costs nothing at a start: nothing was done to it.
    expect(await events(id)).toEqual(before);
    const answer = await app.request("POST", `/api/runs/${id}/answer`, {
      body: { wait: waits![0]!.wait, choice: "approve" },
      headers: SSE,
    });
    const messages = stored(await all(sseOf(answer)));
    expect(messages.map((event) => event.type)).toEqual(expect.arrayContaining(["run-resume", "run-end"]));
    expect(foldRun(await events(id))).toMatchObject({ status: "done" });
  });

  test("without an answer in time is a no, also when the time ran out while nothing ran", async () => {
    const graph = graphOf({ ask: ["input"], gate: ["approval", { timeoutMs: 150 }], reply: ["output"] }, [
      "ask.message gate.value",
      "gate.rejected reply.reply",
    ]);
    const first = await result(await run(graph));
    expect(await until(first.id, (seen) => seen.find((event) => event.type === "run-end"))).toMatchObject({
      output: { reply: "Hello" },
    });
    await app.json("POST", `/api/runs/${first.id}/answer`, {
      body: { wait: first.waits![0]!.wait, choice: "approve" },
      status: 410,
    });
    const second = await result(await run(graph));
    await app.restart();
    expect(await until(second.id, (seen) => seen.find((event) => event.type === "run-end"))).toBeDefined();
  });

  test("a tool that asks waits with its exact arguments; no means it is not called", async () => {
    const graph = chat({ tools: ["builtin/calculator"], approve: { "builtin/calculator": "ask" } });
    const waiting = await result(await run(graph, { input: { message: "2 + 3" } }));
    expect(waiting).toMatchObject({
      status: "waiting",
      waits: [
        { call: { tool: "builtin/calculator", arguments: { expression: "2 + 3" } }, argsHash: expect.any(String) },
      ],
    });
    const done = await app.json<RunResult>("POST", `/api/runs/${waiting.id}/answer`, {
      body: { wait: waiting.waits![0]!.wait, choice: "reject" },
    });
    expect(done.status).toBe("done");
    const end = (await events(waiting.id)).find((event) => event.type === "tool-end");
    expect(end?.result).toMatchObject({ error: true, content: expect.stringContaining("did not allow") });
  });
});

describe("after the process died", () => {
  test("a run goes on from its log: nothing that finished is asked for again", async () => {
    const counted: string[] = [];
    const other = await testApp({
      mock: { delayMs: 0, reply: (request) => void counted.push(String(lastText(request))) },
    });
    try {
      // The calculator's result is stored; the second model call is under way when the log is cut off.
      const graph = chat({ tools: ["builtin/calculator"], approve: { "builtin/calculator": "ask" } });
      const waiting = await other.json<RunResult>("POST", "/api/runs", {
        body: { graph, input: { message: "2 + 3" } },
      });
      expect(counted).toHaveLength(1);
      await other.restart({ crash: true });
      const done = await other.json<RunResult>("POST", `/api/runs/${waiting.id}/answer`, {
        body: { wait: waiting.waits![0]!.wait, choice: "approve" },
      });
      expect(done).toMatchObject({ status: "done", usage: { steps: 2, toolCalls: 1 } });
      // The first message came from the log.
      expect(counted).toHaveLength(2);
    } finally {
      await other.close();
    }
  });

  test("a run that was under way is taken up by itself and ends", async () => {
    const other = await testApp({ mock: { delayMs: 300 } });
    try {
      const started = await other.request("POST", "/api/runs", {
        body: { graph: chat(), input: { message: "x" } },
        headers: { prefer: "respond-async" },
      });
      const { id } = (await started.json()) as { id: string };
      const reader = sseOf(await other.request("GET", `/api/runs/${id}/events`, { headers: SSE }));
      for await (const message of reader) if (message.event === "prompt-built") break;
      await other.restart({ crash: true });
      const rest = stored(await all(sseOf(await other.request("GET", `/api/runs/${id}/events`, { headers: SSE }))));
      expect(rest.map((event) => event.seq)).toEqual([...rest.keys()]);
      expect(rest.filter((event) => event.type === "run-resume")).toHaveLength(1);
      expect(rest.at(-1)?.type).toBe("run-end");
    } finally {
      await other.close();
    }
  });

  test("a tool's intent without a result is asked about, never repeated by itself; retry sends the same key", async () => {
    const { createServer } = await import("node:http");
    const keys: string[] = [];
    let answers = false;
    const api = createServer((request, response) => {
      keys.push(String(request.headers["idempotency-key"]));
      if (answers) response.end("booked");
    });
    await new Promise<void>((resolve) => api.listen(0, "127.0.0.1", resolve));
    const { port } = api.address() as { port: number };
    const other = await testApp({ env: { PATCHBAY_ALLOW_HOSTS: `127.0.0.1:${port}` } });
    try {
      const tool = {
        name: "http/book",
        summary: "Books a room",
        parameters: { type: "object", properties: {} },
        effect: "outside",
        http: { method: "POST", url: `http://127.0.0.1:${port}/book`, headers: {} },
      };
      await other.json("POST", "/api/tools", { body: tool, status: 201 });
      const graph = chat({ tools: ["http/book"], approve: { "http/book": "auto" } });
      const begin = async () =>
        (await (
          await other.request("POST", "/api/runs", {
            body: { graph, input: { message: "book" } },
            headers: { prefer: "respond-async" },
          })
        ).json()) as { id: string };
      const crashed = async () => {
        const { id } = await begin();
        const before = keys.length;
        await expect.poll(() => keys.length, { timeout: 5000 }).toBeGreaterThan(before);
        await other.restart({ crash: true });
        await expect
          .poll(async () => (await other.json<RunResult>("GET", `/api/runs/${id}`)).status, { timeout: 5000 })
          .toBe("uncertain");
        return other.json<RunResult>("GET", `/api/runs/${id}`);
      };
      const first = await crashed();
      expect(first.waits).toMatchObject([{ kind: "uncertain", call: { tool: "http/book" } }]);
      expect(keys).toHaveLength(1);
      answers = true;
      const done = await other.json<RunResult>("POST", `/api/runs/${first.id}/answer`, {
        body: { wait: first.waits![0]!.wait, choice: "retry" },
      });
      expect(done).toMatchObject({ status: "done", output: { reply: expect.stringContaining("booked") } });
      expect(keys).toHaveLength(2);
      expect(new Set(keys).size).toBe(1);
      answers = false;
      const second = await crashed();
      const skipped = await other.json<RunResult>("POST", `/api/runs/${second.id}/answer`, {
        body: { wait: second.waits![0]!.wait, choice: "skip" },
      });
      expect(skipped.status).toBe("done");
      expect(keys).toHaveLength(3);
    } finally {
      await other.close();
      api.closeAllConnections();
      api.close();
    }
  });

  test("a draft that was changed since does not change the run", async () => {
    const { id: agent } = await app.json<{ id: string }>("POST", "/api/agents", {
      body: { graph: approval() },
      status: 201,
    });
    const waiting = await app.json<RunResult>("POST", `/api/agents/${agent}/runs`, {
      body: { input: { message: "as it was" } },
    });
    await app.request("PUT", `/api/agents/${agent}`, { body: { graph: echo }, headers: { "if-match": '"1"' } });
    await app.restart();
    const done = await app.json<RunResult>("POST", `/api/runs/${waiting.id}/answer`, {
      body: { wait: waiting.waits![0]!.wait, choice: "approve" },
    });
    expect(done).toMatchObject({ status: "done", output: { reply: "as it was" } });
    expect(await app.json("GET", `/api/runs/${waiting.id}/graph`)).toMatchObject({
      graph: { nodes: [{}, { type: "approval" }, {}] },
    });
  });
});

describe("the same call twice", () => {
  const call = (message: string, id: string) => run(approval(), { input: { message } }, { "idempotency-key": id });
  test("is one run, at once or later, and another body is refused", async () => {
    const [one, two] = await Promise.all(
      [call("a", "key-1"), call("a", "key-1")].map(async (answer) => result(await answer)),
    );
    expect(one!.id).toBe(two!.id);
    expect((await result(await call("a", "key-1"))).id).toBe(one!.id);
    await app.restart();
    expect((await result(await call("a", "key-1"))).id).toBe(one!.id);
    expect((await call("b", "key-1")).status).toBe(409);
    expect((await result(await call("b", "key-2"))).id).not.toBe(one!.id);
    expect((await call("a", "x".repeat(256))).status).toBe(400);
    const rows = await app.json<{ runs: RunRow[] }>("GET", `/api/runs?text=a&limit=500`);
    expect(rows.runs.filter((row) => row.id === one!.id)).toHaveLength(1);
  });
});

describe("sessions", () => {
  test("are conversations: each turn knows those before it, tool messages included", async () => {
    const seen: string[][] = [];
    const other = await testApp({
      mock: { reply: (request) => void seen.push(request.messages.map((one) => one.role)) },
    });
    try {
      const say = (message: string) =>
        other.json<RunResult>("POST", "/api/runs", {
          body: { graph: chat({ tools: ["builtin/calculator"] }), input: { message }, session: "s1" },
        });
      await say("2 + 3");
      await say("4 + 5");
      const roles = seen.at(-1)!.filter((role) => role !== "system");
      expect(roles).toEqual(["user", "assistant", "tool", "assistant", "user", "assistant", "tool"]);
      const session = await other.json<{ turns: { messages: { role: string }[] }[] }>("GET", "/api/sessions/s1");
      expect(session.turns.map((turn) => turn.messages.map((one) => one.role))).toEqual([
        ["user", "assistant", "tool", "assistant"],
        ["user", "assistant", "tool", "assistant"],
      ]);
      await other.restart();
      await say("6 + 7");
      expect(seen.at(-1)!.filter((role) => role === "user")).toHaveLength(3);
      expect(await other.json("GET", "/api/sessions")).toMatchObject({
        sessions: [{ id: "s1", turns: 3, title: "2 + 3" }],
      });
      await other.json("DELETE", "/api/sessions/s1", { status: 204 });
      await other.json("GET", "/api/sessions/s1", { status: 404 });
      expect(await other.json("GET", "/api/runs")).toEqual({ runs: [] });
    } finally {
      await other.close();
    }
  });

  test("have one running turn", async () => {
    const slow = await testApp({ mock: { delayMs: 200 } });
    try {
      const say = () =>
        slow.request("POST", "/api/runs", { body: { graph: chat(), input: { message: "x" }, session: "s" } });
      const both = await Promise.all([say(), say()]);
      expect(both.map((one) => one.status).sort()).toEqual([200, 409]);
      expect((await say()).status).toBe(200);
    } finally {
      await slow.close();
    }
  });
});

describe("looking back", () => {
  test("forks from a node: what came before it is not done again, and its outputs can be other ones", async () => {
    const graph = graphOf(
      { ask: ["input"], brain: ["llm"], brief: ["prompt", { template: "Said: {{answer}}" }], reply: ["output"] },
      ["ask.message brain.message", "brain.text brief.answer", "brief.text reply.reply"],
    );
    const first = await result(await run(graph));
    const again = await app.json<RunResult>("POST", `/api/runs/${first.id}/fork`, { body: { node: "brief" } });
    expect(again).toMatchObject({ status: "done", output: first.output, usage: { steps: 0 } });
    const other = await app.json<RunResult>("POST", `/api/runs/${first.id}/fork`, {
      body: { node: "brain", outputs: { text: "something else" } },
    });
    expect(other).toMatchObject({ output: { reply: "Said: something else" }, usage: { steps: 0 } });
    const fresh = await app.json<RunResult>("POST", `/api/runs/${first.id}/fork`, { body: { node: "brain" } });
    expect(fresh.usage.steps).toBe(1);
    expect((await events(fresh.id))[0]).toMatchObject({ fork: { run: first.id, node: "brain" } });
    await app.json("POST", `/api/runs/${first.id}/fork`, { body: { node: "nothing" }, status: 404 });
  });

  test("lists, filters, rates and deletes runs; sums what they used", async () => {
    const { id: agent } = await app.json<{ id: string }>("POST", "/api/agents", {
      body: { graph: chat() },
      status: 201,
    });
    const ask = (message: string) =>
      app.json<RunResult>("POST", `/api/agents/${agent}/runs`, { body: { input: { message }, user: "u1" } });
    const [first] = [await ask("find the needle"), await ask("hay"), await ask("fail")];
    const rows = async (query: string) =>
      (await app.json<{ runs: RunRow[] }>("GET", `/api/runs?agent=${agent}&${query}`)).runs.map((row) => row.message);
    expect(await rows("")).toEqual(["fail", "hay", "find the needle"]);
    expect(await rows("text=needle")).toEqual(["find the needle"]);
    expect(await rows("status=failed")).toEqual(["fail"]);
    expect(await rows("user=u2")).toEqual([]);
    await app.json("GET", "/api/runs?status=perhaps", { status: 400 });
    await app.json("POST", `/api/runs/${first!.id}/rating`, { body: { score: 1, comment: "good" }, status: 204 });
    await app.json("POST", `/api/runs/${first!.id}/rating`, { body: { score: 9 }, status: 400 });
    expect(await app.json("GET", `/api/runs/${first!.id}`)).toMatchObject({
      rating: { score: 1, comment: "good" },
      user: "u1",
    });
    const { usage } = await app.json<{ usage: object[] }>("GET", `/api/usage?agent=${agent}`);
    expect(usage).toMatchObject([{ agent, runs: 3, failed: 1, steps: expect.any(Number) }]);
    await app.json("DELETE", `/api/runs/${first!.id}`, { status: 204 });
    await app.json("DELETE", `/api/runs/${first!.id}`, { status: 404 });
    const waiting = await result(await run(approval()));
    await app.json("DELETE", `/api/runs/${waiting.id}`, { status: 409 });
  });
});

/** What a model's server may do to us, against a raw socket. */
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import type { ModelEvent } from "../../runtime/model.ts";
import { sqliteRecords } from "../stores/sqlite/records.ts";
import { createModels, type ModelsOptions } from "./models.ts";
import { OpenAiReader } from "./openai-reader.ts";
import {
  chunk,
  completion,
  DONE,
  type Fault,
  type FaultServer,
  respond,
  respondError,
  STREAM_HEAD,
  startFaultServer,
  stream,
} from "./testing/fault-server.ts";
import { selfSigned } from "./testing/self-signed.ts";

const KEY = "sk-secret-key-0123456789";
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

interface Rig {
  server: FaultServer;
  waits: number[];
  ask(options?: { quiet?: boolean; signal?: AbortSignal; tools?: boolean }): Promise<ModelEvent[]>;
  chat(signal?: AbortSignal, quiet?: boolean): AsyncIterable<ModelEvent>;
}

async function rig(faults: Fault[], limits: ModelsOptions["limits"] = {}, now?: () => number): Promise<Rig> {
  const server = await startFaultServer(...faults);
  const waits: number[] = [];
  const models = createModels({
    records: await sqliteRecords(":memory:"),
    secrets: { get: async () => KEY, redact: (text) => text },
    env: { openai: { baseUrl: server.url, apiKey: KEY } },
    limits: { firstByteMs: 1_000, idleMs: 1_000, ...limits },
    retry: {
      sleep: async (ms, signal) => {
        signal.throwIfAborted();
        waits.push(ms);
      },
      random: () => 0.5,
    },
    now,
  });
  closers.push(
    () => models.close(),
    () => server.close(),
  );
  const chat: Rig["chat"] = (signal = new AbortController().signal, quiet = false) =>
    models.chat({ model: "openai/m", messages: [{ role: "user", content: "hello there" }] }, signal, { quiet });
  const ask: Rig["ask"] = async ({ quiet, signal } = {}) => {
    const events: ModelEvent[] = [];
    for await (const event of chat(signal, quiet)) events.push(event);
    return events;
  };
  return { server, waits, ask, chat };
}

type End = Extract<ModelEvent, { type: "end" }>;
const endOf = (events: ModelEvent[]): End => {
  expect(events.filter((event) => event.type === "end")).toHaveLength(1);
  return events.at(-1) as End;
};
const textOf = (events: ModelEvent[]): string =>
  events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");
const callsOf = (events: ModelEvent[]) => events.flatMap((event) => (event.type === "tool-call" ? [event.call] : []));

describe("refusals and retries", () => {
  test("429 with Retry-After: waits that long, then one clean answer", async () => {
    const { ask, waits, server } = await rig([
      respondError(429, "slow down", { "retry-after": "2" }),
      completion("fine"),
    ]);
    const events = await ask();
    expect(textOf(events)).toBe("fine");
    expect(waits).toHaveLength(1);
    expect(waits[0]).toBeGreaterThanOrEqual(2_000);
    expect(endOf(events)).toMatchObject({ reason: "stop", attempts: [{ error: { code: "provider_rate_limited" } }] });
    expect(server.requests).toHaveLength(2);
  });

  test("Retry-After as a date, as nonsense, and beyond the cap", async () => {
    const now = Date.parse("2026-11-24T08:00:00Z");
    const dated = await rig(
      [respondError(429, "x", { "retry-after": "Tue, 24 Nov 2026 08:00:05 GMT" }), completion("a")],
      {},
      () => now,
    );
    const dateWait = Math.max(0, now + 5_000 - Date.now());
    await dated.ask();
    expect(dated.waits[0]).toBeGreaterThanOrEqual(Math.min(dateWait, 5_000) - 1_000);
    const garbage = await rig([respondError(429, "x", { "retry-after": "soon" }), completion("b")]);
    expect(textOf(await garbage.ask())).toBe("b");
    expect(garbage.waits[0]).toBeLessThan(1_000);
    const day = await rig([respondError(429, "x", { "retry-after": "86400" })]);
    expect(endOf(await day.ask())).toMatchObject({ reason: "error", error: { code: "provider_rate_limited" } });
    expect(day.waits).toEqual([]);
    expect(day.server.requests).toHaveLength(1);
  });

  test("a used-up quota is not waited for", async () => {
    const { ask, server } = await rig([
      respond(429, JSON.stringify({ error: { message: "no money", code: "insufficient_quota" } })),
    ]);
    expect(endOf(await ask())).toMatchObject({ error: { code: "provider_rate_limited" } });
    expect(server.requests).toHaveLength(1);
  });

  test("500 twice, then well: three attempts", async () => {
    const { ask, waits } = await rig([respondError(500, "x"), respondError(500, "x"), completion("third")]);
    const events = await ask();
    expect(textOf(events)).toBe("third");
    expect(endOf(events).attempts).toHaveLength(2);
    expect(waits[1]).toBeGreaterThan(waits[0]!);
  });

  test.each([500, 502, 503, 529])("%i for ever: provider_unavailable after four attempts", async (status) => {
    const { ask, server } = await rig([respondError(status, "overloaded")]);
    expect(endOf(await ask())).toMatchObject({ reason: "error", error: { code: "provider_unavailable" } });
    expect(server.requests).toHaveLength(4);
  });

  test.each([401, 403])("%i: no retry, auth_failed, the key not in any event", async (status) => {
    const { ask, server } = await rig([respondError(status, `Incorrect API key provided: ${KEY}`)]);
    const events = await ask();
    expect(endOf(events)).toMatchObject({ reason: "error", error: { code: "auth_failed" } });
    expect(JSON.stringify(events)).not.toContain(KEY);
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]!.headers.authorization).toBe(`Bearer ${KEY}`);
  });

  test("the key is taken out of other errors too, and so are addresses", async () => {
    const { ask } = await rig([respondError(422, `Bad field; see https://inner.example/doc key ${KEY}`)]);
    const text = JSON.stringify(await ask());
    expect(text).not.toContain(KEY);
    expect(text).not.toContain("inner.example");
  });

  test.each([
    "This model's maximum context length is 8192 tokens",
    "prompt is too long: 200001 tokens > 200000 maximum",
    "the request exceeds the available context size",
    "Range of input length should be [1, 30720]",
  ])("400 “%s”: context_overflow, no retry", async (message) => {
    const { ask, server } = await rig([respondError(400, message)]);
    expect(endOf(await ask())).toMatchObject({ error: { code: "context_overflow" } });
    expect(server.requests).toHaveLength(1);
  });

  test("404: model_not_found, no retry, and the server's message is reported", async () => {
    const { ask, server } = await rig([respondError(404, 'model "m" not found, try pulling it first')]);
    const end = endOf(await ask());
    expect(end.error).toMatchObject({ code: "model_not_found" });
    expect(end.error!.message).toContain("try pulling it first");
    expect(server.requests).toHaveLength(1);
  });

  test("a redirect is not followed", async () => {
    const { ask, server } = await rig([respond(302, "", { location: "http://127.0.0.1:1/" })]);
    expect(endOf(await ask())).toMatchObject({ error: { code: "bad_response" } });
    expect(server.requests).toHaveLength(1);
  });
});

describe("connections", () => {
  test("nothing listens, and no such host: tried again, then said in words", async () => {
    const free = await startFaultServer(completion("x"));
    await free.close();
    const waits: number[] = [];
    const retry = { sleep: async (ms: number) => void waits.push(ms) };
    for (const [url, word] of [
      [free.url, "running"],
      ["http://no-such-host.invalid/v1", "host name|name service"],
    ] as const) {
      waits.length = 0;
      const models = createModels({
        records: await sqliteRecords(":memory:"),
        secrets: { get: async () => KEY, redact: (text) => text },
        env: { openai: { baseUrl: url } },
        retry,
      });
      closers.push(() => models.close());
      const events: ModelEvent[] = [];
      for await (const event of models.chat({ model: "openai/m", messages: [] }, new AbortController().signal))
        events.push(event);
      expect(endOf(events).error).toMatchObject({ code: "provider_unavailable", message: expect.stringMatching(word) });
      expect(waits).toHaveLength(3);
    }
  });

  test("TLS with a certificate nobody trusts: no retry, no way around", async () => {
    const server = await selfSigned();
    closers.push(server.close);
    const waits: number[] = [];
    const models = createModels({
      records: await sqliteRecords(":memory:"),
      secrets: { get: async () => KEY, redact: (text) => text },
      env: { openai: { baseUrl: server.url } },
      retry: { sleep: async (ms) => void waits.push(ms) },
    });
    closers.push(() => models.close());
    const events: ModelEvent[] = [];
    for await (const event of models.chat({ model: "openai/m", messages: [] }, new AbortController().signal))
      events.push(event);
    expect(endOf(events).error).toMatchObject({
      code: "provider_unavailable",
      message: expect.stringContaining("certificate"),
    });
    expect(waits).toEqual([]);
  });

  test("headers never come: first_byte_timeout, once", async () => {
    const { ask, server } = await rig([() => {}], { firstByteMs: 60 });
    expect(endOf(await ask())).toMatchObject({ reason: "error", error: { code: "first_byte_timeout" } });
    expect(server.requests).toHaveLength(1);
    await server.closed(1);
  });

  test.each([false, true])("silence after some tokens (quiet: %s): stream_stalled, the part is kept", async (quiet) => {
    const { ask, server } = await rig(
      [stream([chunk({ content: "half an " }), chunk({ content: "answer" })], "hang")],
      { idleMs: 60 },
    );
    const events = await ask({ quiet });
    expect(textOf(events)).toBe("half an answer");
    expect(endOf(events)).toMatchObject({
      reason: "error",
      error: { code: "stream_stalled" },
      usage: { estimated: true },
    });
    expect(server.requests).toHaveLength(1);
  });

  test("comments keep a slow stream alive", async () => {
    const { ask } = await rig(
      [
        (socket) => {
          socket.write(STREAM_HEAD);
          let beats = 0;
          const timer = setInterval(() => {
            socket.write(": working\n\n");
            if (++beats < 6) return;
            clearInterval(timer);
            socket.end(chunk({ content: "late" }, "stop") + DONE);
          }, 30);
        },
      ],
      { idleMs: 120 },
    );
    expect(textOf(await ask())).toBe("late");
  });

  test("a reset in the middle of text: the part stays, nothing is sent again, never two texts", async () => {
    const { ask, server } = await rig([
      stream([chunk({ content: "first half" })], "reset"),
      completion("another answer"),
    ]);
    const events = await ask();
    expect(textOf(events)).toBe("first half");
    expect(endOf(events)).toMatchObject({ reason: "error", error: { code: "connection_lost" } });
    expect(server.requests).toHaveLength(1);
  });

  test("when nobody saw the part, the answer is asked for again and comes whole", async () => {
    const { ask, server } = await rig([
      stream([chunk({ content: "first half" })], "reset"),
      completion("another answer"),
    ]);
    const events = await ask({ quiet: true });
    expect(textOf(events)).toBe("another answer");
    expect(endOf(events)).toMatchObject({ reason: "stop", attempts: [{ error: { code: "connection_lost" } }] });
    expect(server.requests).toHaveLength(2);
  });

  test("a reset in the middle of a call's arguments: no call comes out", async () => {
    const { ask } = await rig([
      stream(
        [chunk({ tool_calls: [{ index: 0, id: "a", function: { name: "pay", arguments: '{"amount": 1' } }] })],
        "reset",
      ),
    ]);
    const events = await ask();
    expect(callsOf(events)).toEqual([]);
    expect(endOf(events)).toMatchObject({ reason: "error", error: { code: "connection_lost" } });
  });

  test("the end without [DONE] or a finish reason is an error; with either it is well", async () => {
    const cut = await rig([stream([chunk({ content: "un" })])]);
    expect(endOf(await cut.ask())).toMatchObject({ reason: "error", error: { code: "connection_lost" } });
    const midLine = await rig([stream([chunk({ content: "un" }), 'data: {"choices":[{"del'])]);
    expect(endOf(await midLine.ask())).toMatchObject({ reason: "error", error: { code: "connection_lost" } });
    const finished = await rig([stream([chunk({ content: "done" }, "stop")])]);
    expect(endOf(await finished.ask())).toMatchObject({ reason: "stop" });
    const marked = await rig([stream([chunk({ content: "done" }), DONE])]);
    expect(endOf(await marked.ask())).toMatchObject({ reason: "stop" });
  });

  test("a server that keeps the connection open after [DONE] does not hold the answer up", async () => {
    const { ask } = await rig([stream([chunk({ content: "x" }, "stop"), DONE], "hang")], { idleMs: 30_000 });
    expect(textOf(await ask())).toBe("x");
  });
});

describe("nonsense", () => {
  test("a web page with status 200: bad_response that names the base URL", async () => {
    for (const type of ["text/html", "text/plain"]) {
      const { ask } = await rig([respond(200, "<!doctype html><html>Sign in</html>", { "content-type": type })]);
      expect(endOf(await ask()).error).toMatchObject({
        code: "bad_response",
        message: expect.stringContaining("base URL"),
      });
    }
  });

  test("broken JSON in one line fails the attempt and nothing else", async () => {
    const { ask, server } = await rig([
      stream(["data: {oops\n\n", chunk({ content: "x" }, "stop"), DONE]),
      completion("well"),
    ]);
    const events = await ask();
    expect(textOf(events)).toBe("well");
    expect(endOf(events).attempts).toMatchObject([{ error: { code: "bad_response" } }]);
    expect(server.requests).toHaveLength(2);
  });

  test("after visible text it is the end", async () => {
    const { ask } = await rig([stream([chunk({ content: "seen " }), "data: {oops\n\n"])]);
    const events = await ask();
    expect(textOf(events)).toBe("seen ");
    expect(endOf(events)).toMatchObject({ reason: "error", error: { code: "bad_response" } });
  });

  test("a server that does not stream is understood", async () => {
    const body = {
      choices: [
        {
          message: {
            role: "assistant",
            content: "whole",
            tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: '{"a":1}' } }],
          },
          finish_reason: "tool_calls",
        },
      ],
      usage: { prompt_tokens: 3, completion_tokens: 4 },
    };
    const { ask } = await rig([respond(200, JSON.stringify(body))]);
    const events = await ask();
    expect(textOf(events)).toBe("whole");
    expect(callsOf(events)).toEqual([{ id: "c", name: "f", arguments: { a: 1 } }]);
    expect(endOf(events)).toMatchObject({ reason: "tools", usage: { inputTokens: 3, outputTokens: 4 } });
  });

  test("any cut, line ends, marks, comments, several data lines: the text is the same to the byte", async () => {
    const text = "Grüße, 世界 👩‍👩‍👧 — “ok”\nsecond line";
    const forms = [
      (body: string) => body,
      (body: string) => body.replaceAll("\n", "\r\n"),
      (body: string) => body.replaceAll("\n", "\r"),
      (body: string) => `\uFEFF${body}`,
      (body: string) => `: a comment\n\nretry: 5\nevent: message\n${body}`,
    ];
    const letters = [...text];
    const split = JSON.stringify({ choices: [{ delta: { content: letters.join("") }, finish_reason: null }] });
    // Between two tokens of the JSON, as a server that breaks lines would.
    const lines = `data: ${split.replace('"choices":', '"choices":\ndata: ')}\n\n${chunk({}, "stop")}${DONE}`;
    const single = letters.map((letter) => chunk({ content: letter })).join("") + chunk({}, "stop") + DONE;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...forms),
        fc.constantFrom(single, lines),
        fc.array(fc.integer({ min: 1, max: 4_000 }), { maxLength: 12 }),
        async (form, body, cuts) => {
          const bytes = Buffer.from(form(body), "utf8");
          let got = "";
          const sink = {
            text(piece: string) {
              got += piece;
            },
            reasoning() {},
            recall() {},
            callPiece() {},
            call() {},
          };
          const reader = new OpenAiReader("X", { model: "m", messages: [] }, sink);
          reader.head("text/event-stream");
          const places = [...new Set(cuts.map((cut) => cut % bytes.length))].sort((a, b) => a - b);
          let from = 0;
          for (const place of [...places, bytes.length]) {
            reader.data(bytes.subarray(from, place));
            from = place;
          }
          reader.end();
          expect(reader.outcome(undefined)).toMatchObject({ reason: "stop" });
          expect(got).toBe(text);
        },
      ),
      { numRuns: 150 },
    );
    // And truly byte by byte.
    const { ask } = await rig([
      (socket) => {
        socket.setNoDelay(true);
        socket.write(STREAM_HEAD);
        for (const byte of Buffer.from(single)) socket.write(Buffer.of(byte));
        socket.end();
      },
    ]);
    expect(textOf(await ask())).toBe(text);
  });

  test("an error object inside a good stream", async () => {
    const cases: [unknown, string, number][] = [
      [{ error: { message: "Server exploded", type: "server_error" } }, "provider_unavailable", 4],
      [{ error: { message: "Rate limit reached", code: 429 } }, "provider_rate_limited", 4],
      [{ error: { message: "maximum context length exceeded" } }, "context_overflow", 1],
      [{ error: "CUDA out of memory" }, "provider_unavailable", 4],
    ];
    for (const [body, code, times] of cases) {
      const { ask, server } = await rig([stream([`data: ${JSON.stringify(body)}\n\n`, DONE])]);
      expect(endOf(await ask())).toMatchObject({ reason: "error", error: { code } });
      expect(server.requests).toHaveLength(times);
    }
  });

  const SAID = "engine ran out of memory";
  const ERRORS: [string, unknown, string][] = [
    ["vLLM, SGLang", { object: "error", message: SAID, type: "InternalServerError", param: null, code: 500 }, ""],
    ["without a mark", { code: 500, message: SAID }, ""],
    ["FastChat", { text: SAID, error_code: 50_002 }, ""],
    ["FastAPI", { detail: SAID, status: 500 }, ""],
    ["Google's list", [{ error: { code: 503, message: SAID, status: "UNAVAILABLE" } }], ""],
    ["an event named error", { message: SAID }, "event: error\n"],
    ["an event of plain text", SAID, "event: error\n"],
    ["OpenRouter", { choices: [{ delta: { content: "" }, error: { code: 502, message: SAID } }] }, ""],
    [
      "a router's provider",
      {
        error: { message: "Provider returned error", code: 502, metadata: { raw: `{"error":{"message":"${SAID}"}}` } },
      },
      "",
    ],
  ];
  test.each(ERRORS)(
    "an error in the middle of a stream, %s: what was shown stays, the server's words are said",
    async (_form, error, head) => {
      const line = `${head}data: ${typeof error === "string" ? error : JSON.stringify(error)}\n\n`;
      const { ask, server } = await rig([stream([chunk({ content: "The answer is " }), line, DONE])]);
      const events = await ask();
      expect(textOf(events)).toBe("The answer is ");
      expect(endOf(events)).toMatchObject({
        reason: "error",
        error: { code: "provider_unavailable", message: expect.stringContaining(SAID) },
      });
      expect(server.requests).toHaveLength(1);
      const first = await rig([stream([line, DONE]), completion("well")]);
      expect(textOf(await first.ask()), "nothing was shown, so it is asked for again").toBe("well");
    },
  );

  test("the same in a response that is not streamed", async () => {
    for (const [, error, head] of ERRORS) {
      if (head !== "") continue;
      const { ask } = await rig([respond(200, JSON.stringify(error))]);
      expect(endOf(await ask()).error?.message).toContain(SAID);
    }
  });

  test("an error that is the request's own fault is not tried again", async () => {
    const error = { object: "error", message: "The image cannot be read.", type: "BadRequestError", code: 400 };
    const { ask, server } = await rig([stream([`data: ${JSON.stringify(error)}\n\n`, DONE])]);
    expect(endOf(await ask())).toMatchObject({
      error: { code: "bad_response", message: expect.stringContaining("The image cannot be read.") },
    });
    expect(server.requests).toHaveLength(1);
  });

  test.each(["abort", "insufficient_system_resource", "network_error", "MALFORMED_FUNCTION_CALL", "error"])(
    "the finish reason %s is a failure",
    async (reason) => {
      const { ask } = await rig([stream([chunk({ content: "Half" }), chunk({}, reason), DONE])]);
      const events = await ask();
      expect(textOf(events)).toBe("Half");
      expect(endOf(events)).toMatchObject({ reason: "error", error: { message: expect.stringContaining(reason) } });
    },
  );

  test.each([
    ["sensitive", "refused"],
    ["SAFETY", "refused"],
    ["max_tokens", "length"],
    ["model_length", "length"],
    ["eos_token", "stop"],
  ])("the finish reason %s means %s", async (reason, means) => {
    const { ask } = await rig([stream([chunk({ content: "Half" }), chunk({}, reason), DONE])]);
    expect(endOf(await ask()).reason).toBe(means);
  });

  test("chunks without choices that are no errors are passed over", async () => {
    const odd = [
      { usage: { prompt_tokens: 1, completion_tokens: 1 } },
      { id: "x", object: "ping", message: "hello" },
      {},
    ];
    const { ask } = await rig([
      stream([...odd.map((one) => `data: ${JSON.stringify(one)}\n\n`), chunk({ content: "x" }, "stop"), DONE]),
    ]);
    expect(textOf(await ask())).toBe("x");
  });

  test("junk of any kind never throws out of the stream and always ends", async () => {
    const piece = fc.oneof(
      fc.string(),
      fc.json().map((json) => `data: ${json}\n\n`),
      fc
        .record({
          choices: fc.array(fc.record({ delta: fc.jsonValue(), finish_reason: fc.jsonValue() })),
          usage: fc.jsonValue(),
        })
        .map((value) => `data: ${JSON.stringify(value)}\n\n`),
      fc.jsonValue().map((value) => chunk({ tool_calls: value, content: value })),
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 8 }),
        fc.constantFrom("text/event-stream", "application/json", ""),
        (pieces, type) => {
          const sink = { text() {}, reasoning() {}, recall() {}, callPiece() {}, call() {} };
          const reader = new OpenAiReader("X", { model: "m", messages: [] }, sink);
          reader.head(type);
          for (const one of pieces) if (reader.data(Buffer.from(one))) break;
          reader.end();
          reader.outcome(undefined);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("calls", () => {
  test("arguments that are not JSON, or nested too deep, come as text", async () => {
    const deep = "[".repeat(10_000) + "]".repeat(10_000);
    const { ask } = await rig([
      stream([
        chunk({ tool_calls: [{ index: 0, id: "a", function: { name: "f", arguments: "{not json" } }] }),
        chunk({ tool_calls: [{ index: 1, id: "b", function: { name: "f", arguments: deep } }] }),
        chunk({ tool_calls: [{ index: 2, id: "c", function: { name: "f", arguments: "" } }] }),
        chunk({}, "tool_calls"),
        DONE,
      ]),
    ]);
    expect(callsOf(await ask())).toEqual([
      { id: "a", name: "f", raw: "{not json" },
      { id: "b", name: "f", raw: deep },
      { id: "c", name: "f", arguments: {} },
    ]);
  });

  test.each([
    ["null", {}],
    ['""', {}],
    ["[]", {}],
    [" ", {}],
    ["None", {}],
    ['"{\\"a\\":1}"', { a: 1 }],
    [JSON.stringify(JSON.stringify('{"a":1}')), { a: 1 }],
    ['"null"', {}],
    ["[1]", [1]],
    ['"hello"', "hello"],
  ])("arguments written as %s", async (text, meant) => {
    const { ask } = await rig([
      stream([
        chunk({ tool_calls: [{ index: 0, id: "a", function: { name: "f", arguments: text } }] }),
        chunk({}, "tool_calls"),
        DONE,
      ]),
    ]);
    expect(callsOf(await ask())).toEqual([{ id: "a", name: "f", arguments: meant }]);
  });

  test("duplicate and missing ids, a missing index, every call at index 0: each call once, with an id of its own", async () => {
    const { ask } = await rig([
      stream([
        chunk({ tool_calls: [{ index: 0, id: "same", function: { name: "one", arguments: '{"n":' } }] }),
        chunk({ tool_calls: [{ index: 0, function: { arguments: "1}" } }] }),
        chunk({ tool_calls: [{ index: 1, id: "same", function: { name: "two", arguments: "{}" } }] }),
        chunk({ tool_calls: [{ function: { name: "three", arguments: '{"n":3}' } }] }),
        chunk({ tool_calls: [{ index: 0, id: "other", function: { name: "four", arguments: "{}" } }] }),
        chunk({}, "stop"),
        DONE,
      ]),
    ]);
    const events = await ask();
    const calls = callsOf(events);
    expect(calls.map((call) => [call.name, call.arguments])).toEqual([
      ["one", { n: 1 }],
      ["two", {}],
      ["three", { n: 3 }],
      ["four", {}],
    ]);
    expect(new Set(calls.map((call) => call.id)).size).toBe(4);
    expect(endOf(events).reason).toBe("tools");
  });

  test("two hundred parallel calls come through in order", async () => {
    const calls = Array.from({ length: 200 }, (_, n) => ({
      index: n,
      id: `c${n}`,
      function: { name: "f", arguments: `{"n":${n}}` },
    }));
    const { ask } = await rig([stream([chunk({ tool_calls: calls }), chunk({}, "tool_calls"), DONE])]);
    expect(callsOf(await ask()).map((call) => (call.arguments as { n: number }).n)).toEqual(calls.map((_, n) => n));
  });
});

describe("endings and counts", () => {
  test("refusal, content filter, length, emptiness: each its own ending", async () => {
    const refusal = await rig([stream([chunk({ refusal: "I cannot help with that." }), chunk({}, "stop"), DONE])]);
    expect(endOf(await refusal.ask())).toMatchObject({ reason: "refused", error: { code: "refused" } });
    const filter = await rig([stream([chunk({ content: "Well" }), chunk({}, "content_filter"), DONE])]);
    expect(endOf(await filter.ask())).toMatchObject({ reason: "refused", error: { code: "refused" } });
    const length = await rig([stream([chunk({ content: "and so on" }), chunk({}, "length"), DONE])]);
    expect(endOf(await length.ask())).toMatchObject({ reason: "length" });
    const cutCall = await rig([
      stream([
        chunk({ tool_calls: [{ index: 0, id: "a", function: { name: "f", arguments: '{"a' } }] }),
        chunk({}, "length"),
        DONE,
      ]),
    ]);
    const cut = await cutCall.ask();
    expect(callsOf(cut)).toEqual([]);
    expect(endOf(cut).reason).toBe("length");
    const empty = await rig([stream([chunk({ content: "" }), chunk({}, "stop"), DONE])]);
    const events = await empty.ask();
    expect(textOf(events)).toBe("");
    expect(endOf(events)).toMatchObject({ reason: "stop" });
  });

  test.each([
    ["missing", undefined],
    ["null", { prompt_tokens: null, completion_tokens: null }],
    ["negative", { prompt_tokens: -5, completion_tokens: 3 }],
    ["a text", { prompt_tokens: "NaN", completion_tokens: 3 }],
    ["huge", { prompt_tokens: 1e300, completion_tokens: 3 }],
  ])("usage that is %s is estimated and says so", async (_name, usage) => {
    const { ask } = await rig([
      stream([chunk({ content: "twelve characters and more" }), chunk({}, "stop", usage ? { usage } : {}), DONE]),
    ]);
    const { usage: counted } = endOf(await ask());
    expect(counted!.estimated).toBe(true);
    expect(counted!.inputTokens).toBeGreaterThan(0);
    expect(counted!.inputTokens).toBeLessThan(1_000);
    expect(counted!.outputTokens).toBeGreaterThan(0);
  });

  test("usage that can be believed is taken as it is", async () => {
    const { ask } = await rig([
      stream([
        chunk({ content: "x" }),
        chunk({}, "stop"),
        'data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":9}}\n\n',
        DONE,
      ]),
    ]);
    expect(endOf(await ask()).usage).toEqual({ inputTokens: 7, outputTokens: 9 });
  });

  test("a drip that never ends meets the wall limit", async () => {
    const { ask, server } = await rig(
      [
        (socket) => {
          socket.write(STREAM_HEAD);
          const timer = setInterval(() => socket.write("d"), 10);
          socket.on("close", () => clearInterval(timer));
        },
      ],
      { wallMs: 100 },
    );
    expect(endOf(await ask())).toMatchObject({ reason: "error", error: { code: "time_limit" } });
    await server.closed(1);
  });

  test("a line and an answer beyond their caps: ended, the connection closed; at the caps all is well", async () => {
    const line = await rig([(socket) => void socket.write(`${STREAM_HEAD}data: ${"x".repeat(3_000)}`)], {
      lineBytes: 2_000,
    });
    expect(endOf(await line.ask()).error).toMatchObject({
      code: "bad_response",
      message: expect.stringContaining("line"),
    });
    await line.server.closed(1);
    const pieces = Array.from({ length: 100 }, () => chunk({ content: "y".repeat(100) }));
    const bytes = Buffer.byteLength([...pieces, chunk({}, "stop"), DONE].join(""));
    const whole = await rig([stream([...pieces, chunk({}, "stop"), DONE])], { responseBytes: bytes });
    expect(textOf(await whole.ask())).toHaveLength(10_000);
    const over = await rig([stream([...pieces, chunk({}, "stop"), DONE])], { responseBytes: bytes - 1 });
    expect(endOf(await over.ask({ quiet: true })).error).toMatchObject({
      code: "bad_response",
      message: expect.stringContaining("response of more than"),
    });
  });

  test("after a cancel nothing more comes, the socket is closed, and what was used is counted", async () => {
    const cancel = new AbortController();
    const { chat, server } = await rig([
      (socket) => {
        socket.write(STREAM_HEAD + chunk({ content: "before" }));
        const timer = setInterval(() => socket.write(chunk({ content: "after" })), 5);
        socket.on("close", () => clearInterval(timer));
      },
    ]);
    const events: ModelEvent[] = [];
    for await (const event of chat(cancel.signal)) {
      events.push(event);
      cancel.abort();
    }
    expect(endOf(events)).toMatchObject({
      reason: "aborted",
      error: { code: "cancelled" },
      usage: { estimated: true },
    });
    await server.closed(1);
  });

  test("a cancel while waiting for a retry, and before the start", async () => {
    const cancel = new AbortController();
    const server = await startFaultServer(respondError(503, "x"));
    const models = createModels({
      records: await sqliteRecords(":memory:"),
      secrets: { get: async () => KEY, redact: (text) => text },
      env: { openai: { baseUrl: server.url } },
      retry: {
        sleep: (_ms, signal) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener("abort", () => reject(signal.reason));
            cancel.abort();
          }),
      },
    });
    closers.push(
      () => models.close(),
      () => server.close(),
    );
    for (let round = 0; round < 2; round++) {
      const events: ModelEvent[] = [];
      for await (const event of models.chat({ model: "openai/m", messages: [] }, cancel.signal)) events.push(event);
      expect(endOf(events)).toMatchObject({ reason: "aborted" });
    }
    expect(server.requests).toHaveLength(1);
  });

  test("a consumer that stops reading ends the request", async () => {
    const { chat, server } = await rig([stream([chunk({ content: "one" })], "hang")]);
    for await (const event of chat()) if (event.type === "text-delta") break;
    await server.closed(1);
  });
});

describe("kinds of servers", () => {
  test("thoughts in the text, and in fields of their own, are reasoning", async () => {
    const inline = await rig([
      stream(
        [..."<think>hm, well</think>\n\nThe answer."]
          .map((letter) => chunk({ content: letter }))
          .concat(chunk({}, "stop"), DONE),
      ),
    ]);
    const events = await inline.ask({ quiet: true });
    expect(textOf(events)).toBe("The answer.");
    expect(events[0]).toEqual({ type: "reasoning-delta", text: "hm, well" });
    const field = await rig([
      stream([chunk({ reasoning_content: "hm" }), chunk({ content: "Yes." }), chunk({}, "stop"), DONE]),
    ]);
    expect(await field.ask({ quiet: true })).toMatchObject([
      { type: "reasoning-delta", text: "hm" },
      { type: "text-delta", text: "Yes." },
      { type: "end" },
    ]);
    const plain = await rig([
      stream([chunk({ content: "<thi" }), chunk({ content: "s> is no thought" }), chunk({}, "stop"), DONE]),
    ]);
    expect(textOf(await plain.ask())).toBe("<this> is no thought");
  });

  test("thoughts that only the closing tag ends are called back", async () => {
    const pieces = ["The user says hi.\nI greet ", "back.\n</thi", "nk>\n\nHello!"];
    const { ask } = await rig([stream([...pieces.map((content) => chunk({ content })), chunk({}, "stop"), DONE])]);
    const events = await ask();
    const at = events.findIndex((event) => event.type === "text-recall");
    expect(textOf(events.slice(0, at))).toBe("The user says hi.\nI greet back.\n");
    expect(textOf(events.slice(at))).toBe("Hello!");
    const quiet = await rig([stream([...pieces.map((content) => chunk({ content })), chunk({}, "stop"), DONE])]);
    expect(await quiet.ask({ quiet: true })).toMatchObject([
      { type: "reasoning-delta", text: "The user says hi.\nI greet back.\n" },
      { type: "text-delta", text: "Hello!" },
      { type: "end" },
    ]);
  });

  test("a server that refuses stream_options is asked without, from then on", async () => {
    const { ask, server } = await rig([
      respondError(400, "Unrecognized request argument supplied: stream_options"),
      completion("one"),
      completion("two"),
    ]);
    expect(textOf(await ask())).toBe("one");
    expect(textOf(await ask())).toBe("two");
    expect(server.requests.map((request) => request.body.includes("stream_options"))).toEqual([true, false, false]);
  });
});

/** Daily quotas of keys: the whole server, with a model that reports its usage. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ModelEvent } from "../../runtime/model.ts";
import type { Ledger } from "../stores/ledger.ts";
import { sqliteLedger } from "../stores/sqlite/ledger.ts";
import { chat, graphOf, type TestApp, testApp } from "../testing/test-app.ts";
import { createQuota } from "./quota.ts";

/** Each call of the model uses a hundred tokens, at a cent. */
const USED = { prompt_tokens: 60, completion_tokens: 40 };
const PRICES = { input: 100, output: 100 };

let app: TestApp;
beforeAll(async () => {
  app = await testApp({
    env: { PATCHBAY_DEFAULT_MODEL: "priced/mock" },
    mock: {
      reply: ({ messages, tools }) =>
        tools?.length && messages.at(-1)?.role !== "tool"
          ? { calls: [{ name: tools[0]!.function.name, arguments: { expression: "1 + 1" } }], usage: USED }
          : { text: "Hi", usage: USED },
    },
  });
  const provider = (id: string, profile: object) =>
    app.json("POST", "/api/models", {
      body: { id, kind: "openai-compatible", baseUrl: app.mock.url, models: ["mock"], profile },
      status: 201,
    });
  await provider("priced", { prices: PRICES, outputTokens: 100 });
  await provider("unpriced", { outputTokens: 100 });
  await app.publish(chat(), "chat");
  await app.publish(chat({ tools: ["builtin/calculator"] }), "kit");
});
afterAll(() => app.close());

const call = (key: string, slug = "chat", headers: Record<string, string> = {}) =>
  app.request("POST", `/v1/agents/${slug}/runs`, { token: key, body: { input: { message: "Hello" } }, headers });
const today = async (id: string) =>
  (await app.json<{ today?: { tokens: number; costUsd: number } }>("GET", `/api/keys/${id}`)).today;
interface RunBody {
  id: string;
  status: string;
  error?: { code: string; message: string };
}

describe("a day's limit", () => {
  test.each([
    ["tokens", { tokensPerDay: 200 }, /used its 200 tokens of today/],
    ["money", { costUsdPerDay: 0.02 }, /used its \$0\.02 of today/],
  ])("of %s allows N calls and not N + 1, says until when, and survives a restart", async (_, limits, words) => {
    const key = await app.key({ name: "website", limits });
    expect(await today(key.id)).toEqual({ tokens: 0, costUsd: 0 });
    const first = (await (await call(key.key, "chat", { "idempotency-key": "first" })).json()) as RunBody;
    expect(first.status).toBe("done");
    expect(await today(key.id)).toEqual({ tokens: 100, costUsd: 0.01 });
    expect((await call(key.key)).status).toBe(200);
    const calls = app.mock.counts.chat;

    const refused = await call(key.key);
    expect(refused.status).toBe(429);
    const wait = Number(refused.headers.get("retry-after"));
    expect(wait).toBeGreaterThan(0);
    expect(Date.now() + wait * 1000).toBeGreaterThanOrEqual(Math.ceil(Date.now() / 86_400_000) * 86_400_000);
    const { error } = (await refused.json()) as RunBody;
    expect(error).toMatchObject({ code: "quota_exceeded", message: expect.stringMatching(words) });
    const openai = await app.request("POST", "/v1/chat/completions", {
      token: key.key,
      body: { model: "chat", messages: [{ role: "user", content: "Hello" }] },
    });
    expect(openai.status).toBe(429);
    expect(await openai.json()).toMatchObject({ error: { code: "insufficient_quota", type: "rate_limit_error" } });

    // It can still read its runs, and a repeated idempotency key is not a new call.
    expect((await app.request("GET", `/v1/runs/${first.id}`, { token: key.key })).status).toBe(200);
    expect(((await (await call(key.key, "chat", { "idempotency-key": "first" })).json()) as RunBody).id).toBe(first.id);
    await app.restart();
    expect((await call(key.key)).status).toBe(429);
    expect(app.mock.counts.chat).toBe(calls);

    // A raised limit applies at once; without a limit nothing is counted.
    await app.json("PATCH", `/api/keys/${key.id}`, { body: { limits: { tokensPerDay: 300 } } });
    expect((await call(key.key)).status).toBe(200);
    expect((await call(key.key)).status).toBe(429);
    const free = await app.json<object>("PATCH", `/api/keys/${key.id}`, { body: { name: "free", limits: {} } });
    expect(free).toMatchObject({ name: "free", limits: {} });
    expect(free).not.toHaveProperty("today");
    expect((await call(key.key)).status).toBe(200);
  });

  test("counts what the day had already used when it is set", async () => {
    const key = await app.key();
    await call(key.key);
    await app.json("PATCH", `/api/keys/${key.id}`, { body: { limits: { tokensPerDay: 150 } } });
    expect(await today(key.id)).toEqual({ tokens: 100, costUsd: 0.01 });
    expect((await call(key.key)).status).toBe(200);
    expect((await call(key.key)).status).toBe(429);
    // Also the usage while there was no limit.
    await app.json("PATCH", `/api/keys/${key.id}`, { body: { limits: {} } });
    expect((await call(key.key)).status).toBe(200);
    await app.json("PATCH", `/api/keys/${key.id}`, { body: { limits: { tokensPerDay: 1000 } } });
    expect(await today(key.id)).toEqual({ tokens: 300, costUsd: 0.03 });
  });

  test("is not exceeded by parallel calls, and no call that fits is refused", async () => {
    const key = await app.key({ limits: { tokensPerDay: 500 } });
    const before = app.mock.counts.chat;
    const answers = await Promise.all(Array.from({ length: 20 }, () => call(key.key)));
    const runs = await Promise.all(answers.map((answer) => answer.json() as Promise<RunBody>));
    expect(runs.filter(({ status }) => status === "done").length).toBe(5);
    expect(app.mock.counts.chat - before).toBe(5);
    for (const { status, error } of runs) if (status !== "done") expect(error?.code).toBe("quota_exceeded");
    expect(await today(key.id)).toEqual({ tokens: 500, costUsd: 0.05 });
  });

  test("fails a running run with a message, at the model call that no longer fits", async () => {
    const key = await app.key({ name: "small", limits: { tokensPerDay: 50 } });
    const run = (await (await call(key.key, "kit")).json()) as RunBody;
    expect(run).toMatchObject({
      status: "failed",
      error: { code: "quota_exceeded", message: expect.stringContaining('"small" has used its 50 tokens') },
    });
    const row = await app.json<{ usage: object }>("GET", `/api/runs/${run.id}`);
    expect(row.usage).toMatchObject({ inputTokens: 60, outputTokens: 40, toolCalls: 1 });
  });

  test("counts models that tools call", async () => {
    await app.json("POST", "/api/tools", {
      body: {
        name: "model/judge",
        summary: "Judges",
        parameters: { type: "object", properties: {} },
        effect: "read",
        model: { model: "priced/mock", instructions: "Judge.", input: "x" },
      },
      status: 201,
    });
    await app.publish(
      graphOf({ ask: ["input"], act: ["action", { tool: "model/judge" }], reply: ["output"] }, [
        "act.result reply.reply",
      ]),
      "judge",
    );
    const key = await app.key({ limits: { tokensPerDay: 100 } });
    expect(((await (await call(key.key, "judge")).json()) as RunBody).status).toBe("done");
    expect(await today(key.id)).toMatchObject({ tokens: 100 });
    expect((await call(key.key, "judge")).status).toBe(429);
  });
});

describe("a model without prices", () => {
  test("is refused to a key with a cost limit, with a warning when the key is created", async () => {
    await app.publish(
      graphOf({ ask: ["input"], brain: ["llm", { model: "unpriced/mock" }], reply: ["output"] }, [
        "ask.message brain.message",
        "brain.text reply.reply",
      ]),
      "unpriced",
    );
    const key = await app.key({ limits: { costUsdPerDay: 5 } });
    expect(key).toMatchObject({
      warnings: [expect.stringMatching(/cannot use models without prices: .*unpriced\/mock/)],
    });
    const run = (await (await call(key.key, "unpriced")).json()) as RunBody;
    expect(run).toMatchObject({
      status: "failed",
      // The owner sees the reason; the caller sees no model names.
      error: { code: "forbidden", message: expect.stringContaining("Its owner can see the reason") },
    });
    const events = await app.request("GET", `/api/runs/${run.id}/events`);
    expect(await events.text()).toContain('\\"unpriced/mock\\" has no prices');
    const tokens = await app.key({ limits: { tokensPerDay: 5000 } });
    expect(tokens).not.toHaveProperty("warnings");
    expect(((await (await call(tokens.key, "unpriced")).json()) as RunBody).status).toBe("done");
  });
});

describe("invalid limits", () => {
  test.each([
    { tokensPerDay: 0 },
    { tokensPerDay: 1.5 },
    { costUsdPerDay: 0 },
    { costUsdPerDay: -1 },
    { costUsdPerDay: "5" },
    { tokensPerWeek: 5 },
  ])("%o are refused", async (limits) => {
    await app.json("POST", "/api/keys", { body: { name: "x", agents: "*", limits }, status: 400 });
    const key = await app.key();
    await app.json("PATCH", `/api/keys/${key.id}`, { body: { limits }, status: 400 });
  });

  test("a key that does not exist cannot be changed", () =>
    app.json("PATCH", "/api/keys/none", { body: { name: "x" }, status: 404 }));
});

describe("the quota", () => {
  const limits = {
    callsPerMinute: Infinity,
    liveRuns: Infinity,
    openStreams: Infinity,
    tokensPerDay: 1000,
    costUsdPerDay: Infinity,
  };
  const quotaOver = (ledger: Ledger, more: object = {}) =>
    createQuota({
      ledger,
      models: app.services.models,
      limitsOf: () => limits,
      nameOf: (key) => key,
      usedSince: async () => ({ tokens: 0, nanoUsd: 0 }),
      alone: true,
      now: Date.now,
      report: () => {},
      ...more,
    });
  const request = { model: "priced/mock", messages: [{ role: "user" as const, content: "Hello" }] };
  const end: ModelEvent = { type: "end", reason: "stop", usage: { inputTokens: 1, outputTokens: 1 } };
  async function* answer(...events: ModelEvent[]) {
    yield* events;
  }
  const ended = async (events: AsyncIterable<ModelEvent>) => {
    let last: ModelEvent | undefined;
    for await (const event of events) last = event;
    return last;
  };
  const signal = new AbortController().signal;

  test("calls no model while the ledger cannot be reached", async () => {
    const ledger = await sqliteLedger(":memory:");
    const quota = quotaOver(ledger);
    await quota.today("k");
    await ledger.close();
    let asked = false;
    const last = await ended(
      quota.chat("k", request, signal, () => {
        asked = true;
        return answer(end);
      }),
    );
    expect(last).toMatchObject({
      reason: "error",
      error: { code: "unavailable", message: expect.stringMatching(/no model is called/) },
    });
    expect(asked).toBe(false);
    await expect(quota.assertAvailable("k")).rejects.toMatchObject({ code: "unavailable" });
  });

  test("counts the received part of a broken completion, and nothing for one that did not begin", async () => {
    const ledger = await sqliteLedger(":memory:");
    const quota = quotaOver(ledger);
    const failed: ModelEvent = { type: "end", reason: "error", error: { code: "provider_unavailable", message: "" } };
    await ended(quota.chat("k", request, signal, () => answer(failed)));
    expect(await quota.today("k")).toMatchObject({ tokens: 0 });
    const text: ModelEvent = { type: "text-delta", text: "four words and more" };
    for await (const _event of quota.chat("k", request, signal, () => answer(text, end))) break;
    const { tokens } = (await quota.today("k"))!;
    expect(tokens).toBeGreaterThan(5);
    await ended(quota.chat("k", request, signal, () => answer(text, { type: "end", reason: "aborted" })));
    expect((await quota.today("k"))?.tokens).toBe(2 * tokens);
    await ledger.close();
  });

  test("stops waiting for reservations after a while, or when the run is cancelled", async () => {
    const ledger = await sqliteLedger(":memory:");
    const quota = quotaOver(ledger, { waitMs: 0 });
    await quota.today("k");
    const day = new Date().toISOString().slice(0, 10);
    await ledger.hold(
      { id: "other", key: "k", day, amount: { tokens: 1000, nanoUsd: 0 } },
      { tokens: 1000, nanoUsd: 1 },
    );
    const call = (over: AbortSignal) => ended(quota.chat("k", request, over, () => answer(end)));
    expect(await call(signal)).toMatchObject({
      error: { code: "quota_exceeded", message: expect.stringContaining("than its current calls reserve") },
    });
    expect(await call(AbortSignal.abort(new Error("over")))).toMatchObject({ reason: "aborted" });
    // The process of the reservation ended: it counts as used.
    await quota.start();
    quota.close();
    await expect(quota.assertAvailable("k")).rejects.toMatchObject({ code: "quota_exceeded" });
    await ledger.close();
  });
});

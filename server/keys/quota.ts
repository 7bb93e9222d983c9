/**
 * Daily limits of agent keys. Before a model call its maximum is reserved; after it the actual usage is counted, in a
 * ledger that all processes share. A key without a limit on tokens or cost has no entry.
 */
import { type ErrorData, errorData, PatchbayError } from "../../runtime/error.ts";
import type { ChatRequest, ModelEvent, ModelProfile } from "../../runtime/model.ts";
import { jsonTokens, messageTokens, tokenizerOf } from "../../runtime/prompt/tokens.ts";
import type { AgentKey, KeyLimits } from "../contract/key.ts";
import { newId } from "../lib/ids.ts";
import type { Models } from "../models/service.ts";
import { estimateTokens } from "../models/usage.ts";
import type { Amount, Ledger } from "../stores/ledger.ts";
import type { Quota } from "./service.ts";

const DAY_MS = 86_400_000;
/** An older reservation belongs to a process that ended: no model call takes so long. */
const LOST_MS = 3_600_000;
/** How long a call waits for others to release their reservations. */
const WAIT_MS = 30_000;
/** How often it checks for releases of other processes. */
const CHECK_MS = 500;

interface QuotaOptions {
  ledger: Ledger;
  models: Pick<Models, "resolve">;
  limitsOf(key: string): Required<KeyLimits>;
  nameOf(key: string): string;
  /** Usage in the log of the runs of a key that started at or after this time. */
  usedSince(key: string, from: number): Promise<Amount>;
  /** No other process uses the ledger, so reservations at the start are those of an ended process. */
  alone: boolean;
  now(): number;
  report(thrown: unknown): void;
  /** Replaced in tests. */
  waitMs?: number;
}

/** `start` counts reservations of ended processes as used, now and each hour until `close`. */
export function createQuota(options: QuotaOptions): Quota & { start(): Promise<void>; close(): void } {
  const { ledger, models, now } = options;
  /** Called when a reservation is released. */
  const waiting = new Set<() => void>();
  let timer: NodeJS.Timeout | undefined;

  const today = () => new Date(now()).toISOString().slice(0, 10);
  const limited = (key: string) => {
    const { tokensPerDay, costUsdPerDay } = options.limitsOf(key);
    return tokensPerDay === Infinity && costUsdPerDay === Infinity ? undefined : { tokensPerDay, costUsdPerDay };
  };

  const usedOn = async (key: string, day: string): Promise<Amount> => {
    const known = await ledger.day(key, day);
    if (known) return known.used;
    await recount(key, day);
    return (await ledger.day(key, day))!.used;
  };
  /** Counts from the log what was used before a limit was set. */
  const recount = async (key: string, day: string): Promise<void> =>
    ledger.begin(key, day, await options.usedSince(key, Date.parse(day)));

  /** Rejects with `quota_exceeded` when the day's quota is used up. Reservations do not count. */
  const check = async (key: string, day: string): Promise<void> => {
    const limits = limited(key);
    if (!limits) return;
    const used = await usedOn(key, day);
    const what =
      used.tokens >= limits.tokensPerDay
        ? `${limits.tokensPerDay.toLocaleString("en-US")} tokens`
        : used.nanoUsd >= nano(limits.costUsdPerDay)
          ? `$${limits.costUsdPerDay}`
          : undefined;
    if (what !== undefined) throw overDay(`has used its ${what} of today (${day})`, key);
  };
  const overDay = (what: string, key: string) =>
    new PatchbayError(
      "quota_exceeded",
      `The key "${options.nameOf(key)}" ${what}; it may go on at 00:00 UTC, or when its limit is raised.`,
      { retryAfter: (DAY_MS - (now() % DAY_MS)) / 1000 },
    );

  /** Reserves the maximum of a call. Rejects with `quota_exceeded`, `unavailable`, or the abort's reason. */
  const hold = async (key: string, amount: Amount, signal: AbortSignal): Promise<string> => {
    const until = performance.now() + (options.waitMs ?? WAIT_MS);
    for (;;) {
      signal.throwIfAborted();
      const day = today();
      const limits = options.limitsOf(key);
      const id = newId();
      await check(key, day);
      const most = { tokens: limits.tokensPerDay, nanoUsd: nano(limits.costUsdPerDay) };
      if (await ledger.hold({ id, key, day, amount }, most)) return id;
      // Other calls reserve the rest and usually release much of it.
      if (performance.now() >= until) throw overDay("may use no more today than its current calls reserve", key);
      await released(signal);
    }
  };
  const released = (signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(recheck);
        waiting.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const recheck = setTimeout(done, CHECK_MS);
      waiting.add(done);
      signal.addEventListener("abort", done, { once: true });
    });
  const settle = async (id: string, used: Amount): Promise<void> => {
    // A reservation that cannot be settled stays, and counts as used.
    await ledger.settle(id, used).catch(options.report);
    for (const wake of [...waiting]) wake();
  };

  async function* chat(key: string, request: ChatRequest, signal: AbortSignal, call: () => AsyncIterable<ModelEvent>) {
    let id: string;
    let prices: ModelProfile["prices"];
    let prompt: number;
    try {
      const { name, profile } = await models.resolve(request.model);
      prices = profile.prices;
      if (!prices && Number.isFinite(options.limitsOf(key).costUsdPerDay))
        throw new PatchbayError(
          "forbidden",
          `"${name}" has no prices, so the cost limit of the key "${options.nameOf(key)}" cannot be checked. Set prices under Models (0 for a free model).`,
        );
      prompt = await promptTokens(request);
      const most = amountOf(prompt, request.maxOutputTokens ?? profile.outputTokens, prices);
      id = await hold(key, most, signal);
    } catch (thrown) {
      yield refused(thrown, signal);
      return;
    }
    let written = "";
    let used: Amount | undefined;
    /**
     * A completion that breaks off is counted as far as it was written; a call that failed before its first delta is
     * not.
     */
    const soFar = (failed: boolean) =>
      failed && written === "" ? { tokens: 0, nanoUsd: 0 } : amountOf(prompt, estimateTokens(written), prices);
    try {
      for await (const event of call()) {
        if (event.type === "end") {
          const { usage } = event;
          used = usage ? amountOf(usage.inputTokens, usage.outputTokens, prices) : soFar(event.reason === "error");
          // Before `end` is emitted, so that the next call can use the remaining quota.
          await settle(id, used);
        } else if (event.type === "tool-call") written += JSON.stringify(event.call);
        else if (event.type !== "text-recall") written += event.text;
        yield event;
      }
    } finally {
      if (!used) await settle(id, soFar(false));
    }
  }

  return {
    assertAvailable(key) {
      return limited(key) && check(key, today());
    },

    chat(key, request, signal, call) {
      return limited(key) ? chat(key, request, signal, call) : call();
    },

    async limitsChanged(key) {
      if (limited(key)) await recount(key, today());
    },

    async today(key): Promise<AgentKey["today"]> {
      if (!limited(key)) return undefined;
      const used = await usedOn(key, today());
      return { tokens: used.tokens, costUsd: used.nanoUsd / 1e9 };
    },

    async start() {
      await ledger.settleOld(now() - (options.alone ? 0 : LOST_MS));
      timer = setInterval(() => void ledger.settleOld(now() - LOST_MS).catch(options.report), LOST_MS);
      timer.unref();
    },

    close() {
      clearInterval(timer);
    },
  };
}

function nano(usd: number): number {
  return Math.round(usd * 1e9);
}

/** Prices are US dollars per million tokens, so a price of 1 is 1000 nano-dollars per token. */
function amountOf(input: number, output: number, prices: ModelProfile["prices"]): Amount {
  return {
    tokens: input + output,
    nanoUsd: prices ? Math.round((input * prices.input + output * prices.output) * 1000) : 0,
  };
}

async function promptTokens({ model, messages, tools, schema }: ChatRequest): Promise<number> {
  const tokenizer = await tokenizerOf(model);
  let tokens = schema ? jsonTokens(schema, tokenizer) : 0;
  for (const message of messages) tokens += messageTokens(message, tokenizer);
  for (const tool of tools ?? []) tokens += jsonTokens(tool, tokenizer);
  return tokens;
}

/** The end event of a call that is not made. */
function refused(thrown: unknown, signal: AbortSignal): ModelEvent {
  if (signal.aborted) return { type: "end", reason: "aborted", error: errorData(thrown) };
  const error: ErrorData = errorData(thrown);
  if (error.code === "unavailable")
    error.message = `The remaining quota of this key cannot be read, so no model is called. ${error.message}`;
  return { type: "end", reason: "error", error };
}

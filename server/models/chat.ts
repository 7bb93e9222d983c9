/** Attempts at a model as one stream of events. Contract: never throws, and the last event is `end`. */
import type { ToolCall } from "../../runtime/message.ts";
import type { ModelEnd, ModelEvent } from "../../runtime/model.ts";
import type { Attempt, Outcome, Sink } from "./attempt.ts";
import { cancelled, type Failure, failure } from "./failure.ts";

export interface RetryPolicy {
  /** Attempts after the first. */
  retries: number;
  /** Delay before the first retry; doubles each time, with jitter. */
  backoffMs: number;
  /** A server that asks for a longer delay is not tried again. */
  maxWaitMs: number;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** In [0, 1). */
  random(): number;
}

export const RETRY_POLICY: RetryPolicy = {
  retries: 3,
  backoffMs: 300,
  maxWaitMs: 60_000,
  sleep: abortableSleep,
  random: Math.random,
};

type Attempts = NonNullable<ModelEnd["attempts"]>;

/**
 * Makes attempts until one succeeds, fails permanently, or has emitted an event. Events are emitted as they are read.
 * With `quiet` they are emitted together at the end, so that an attempt that fails in the middle can be made again.
 * When the consumer stops reading, the request is cancelled.
 */
export async function* chat(
  attempt: Attempt,
  policy: RetryPolicy,
  signal: AbortSignal,
  quiet: boolean,
): AsyncGenerator<ModelEvent, void, void> {
  const attempts: Attempts = [];
  for (;;) {
    let outcome: Outcome;
    let shown = false;
    if (quiet) {
      const buffered = new BufferedSink();
      outcome = await guarded(attempt, buffered, signal);
      if (!("failure" in outcome) || !retryWait(outcome.failure, attempts.length, policy)) yield* buffered.events();
    } else {
      const streamed = new StreamingSink();
      const stop = new AbortController();
      const onAbort = (): void => stop.abort(signal.reason);
      signal.addEventListener("abort", onAbort);
      if (signal.aborted) onAbort();
      try {
        streamed.run(guarded(attempt, streamed, stop.signal));
        for (let batch = await streamed.next(); batch; batch = await streamed.next()) {
          shown = true;
          yield* batch;
        }
        outcome = await streamed.outcome!;
      } finally {
        signal.removeEventListener("abort", onAbort);
        stop.abort(new Error("The consumer stopped reading."));
      }
    }
    const wait = "failure" in outcome && !shown ? retryWait(outcome.failure, attempts.length, policy) : undefined;
    if (wait === undefined || signal.aborted) {
      yield endEvent(outcome, attempts, signal);
      return;
    }
    attempts.push({ error: (outcome as { failure: Failure }).failure.error, waitedMs: Math.round(wait) });
    try {
      await policy.sleep(wait, signal);
    } catch {
      yield endEvent({ failure: cancelled() }, attempts, signal);
      return;
    }
  }
}

/** Milliseconds before the next attempt; undefined when it must not be made. */
function retryWait(failed: Failure, made: number, policy: RetryPolicy): number | undefined {
  if (!failed.retry || made >= policy.retries) return undefined;
  const backoff = policy.backoffMs * 2 ** made * (0.5 + policy.random());
  if (failed.afterMs === undefined) return backoff;
  if (failed.afterMs > policy.maxWaitMs) return undefined;
  return Math.max(failed.afterMs + policy.backoffMs * policy.random(), backoff);
}

/** Turns a bug in an attempt into an outcome, so that the stream still ends with `end`. */
async function guarded(attempt: Attempt, sink: Sink, signal: AbortSignal): Promise<Outcome> {
  try {
    return await attempt(sink, signal);
  } catch (error) {
    if (signal.aborted) return { failure: cancelled() };
    return { failure: failure("internal", error instanceof Error ? error.message : String(error)) };
  }
}

function endEvent(outcome: Outcome, attempts: Attempts, signal: AbortSignal): ModelEnd {
  const end: ModelEnd = { type: "end", reason: "stop" };
  if (attempts.length) end.attempts = attempts;
  if (outcome.usage) end.usage = outcome.usage;
  if ("failure" in outcome) {
    const aborted = signal.aborted || outcome.failure.error.code === "cancelled";
    end.reason = aborted ? "aborted" : "error";
    end.error = aborted ? cancelled().error : outcome.failure.error;
  } else {
    end.reason = outcome.reason;
    if ("providerData" in outcome && outcome.providerData) end.providerData = outcome.providerData;
    if (outcome.reason === "refused") end.error = { code: "refused", message: outcome.message };
  }
  return end;
}

/** Collects the whole completion. */
class BufferedSink implements Sink {
  #text = "";
  #reasoning = "";
  #calls: ToolCall[] = [];

  text(piece: string): void {
    this.#text += piece;
  }
  reasoning(piece: string): void {
    this.#reasoning += piece;
  }
  recall(): void {
    this.#reasoning += this.#text;
    this.#text = "";
  }
  callPiece(): void {}
  call(call: ToolCall): void {
    this.#calls.push(call);
  }
  *events(): Generator<ModelEvent> {
    if (this.#reasoning) yield { type: "reasoning-delta", text: this.#reasoning };
    if (this.#text) yield { type: "text-delta", text: this.#text };
    for (const call of this.#calls) yield { type: "tool-call", call };
  }
}

/**
 * Emits events as they arrive. Deltas that a slow consumer has not read are merged, so the queue is never larger than
 * the completion.
 */
class StreamingSink implements Sink {
  outcome: Promise<Outcome> | undefined;
  #queued: ModelEvent[] = [];
  #wake: (() => void) | undefined;
  #done = false;

  run(outcome: Promise<Outcome>): void {
    this.outcome = outcome.finally(() => {
      this.#done = true;
      this.#wake?.();
    });
  }

  /** Events since the last call, at least one; undefined when the attempt has ended. */
  async next(): Promise<ModelEvent[] | undefined> {
    while (!this.#queued.length) {
      if (this.#done) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    const batch = this.#queued;
    this.#queued = [];
    return batch;
  }

  text(piece: string): void {
    this.#add("text-delta", piece);
  }
  reasoning(piece: string): void {
    this.#add("reasoning-delta", piece);
  }
  recall(): void {
    this.#push({ type: "text-recall" });
  }
  callPiece(id: string, name: string | undefined, piece: string): void {
    const last = this.#queued.at(-1);
    if (last?.type === "tool-call-delta" && last.id === id) last.text += piece;
    else this.#push({ type: "tool-call-delta", id, text: piece, ...(name === undefined ? {} : { name }) });
  }
  call(call: ToolCall): void {
    this.#push({ type: "tool-call", call });
  }

  #add(type: "text-delta" | "reasoning-delta", text: string): void {
    const last = this.#queued.at(-1);
    if (last?.type === type) last.text += text;
    else this.#push({ type, text });
  }
  #push(event: ModelEvent): void {
    this.#queued.push(event);
    this.#wake?.();
  }
}

/** Rejects with the signal's reason on abort. */
export function abortableSleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

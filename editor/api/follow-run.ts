/** Follows a run's stream to its end, across lost connections and while the run waits for a person. */
import { PatchbayError } from "../../runtime/error.ts";
import { type EventType, TERMINAL } from "../../runtime/event.ts";
import { networkTexts } from "./call.ts";

/** The fields that the follower reads, of a `RunItem` or of an item of a published agent's stream. */
interface Item {
  type: string;
  run: string;
  /** Absent on a delta. */
  seq?: number;
  /** On `run-wait`. */
  waits?: { wait: string }[];
  /** On `run-resume`: the waits that are decided. */
  answers?: { wait: string }[];
  answered?: string[];
}

export interface FollowOptions<T extends Item> {
  signal: AbortSignal;
  /** Opens the stream of the run again, starting after an event. */
  reopen(run: string, after: number): AsyncIterable<T>;
  /** Sends the first request again after a lost connection. Only for idempotent requests. */
  resend?(): AsyncIterable<T>;
  onItem(item: T): void;
  /** The connection was lost; a reconnect follows. */
  onLost?(): void;
  /** Resolves when the run waits for a person. */
  untilWait?: boolean;
  /** Resolves before the next attempt; rejects on abort. Default: after `ms` milliseconds. */
  pause?(ms: number, signal: AbortSignal): Promise<void>;
}

/** About forty seconds in all, enough for a server restart. */
const TRIES = 12;
const FIRST_PAUSE_MS = 400;
const MAX_PAUSE_MS = 4_000;
/** Between two attempts while the run waits for a person, which may take days. */
const WAITING_PAUSE_MS = 15_000;

/**
 * Resolves when the run has ended (or waits, with `untilWait`). `known`: the run and the last received event. Rejects
 * with the failure of the first stream if it did not start a run; with the server's error if that is a 4xx; with
 * `connection_lost`, whose cause is the last failure, if the server stays unavailable; and with the signal's reason on
 * abort. The run itself continues in all these cases.
 */
export async function followRun<T extends Item>(
  first: AsyncIterable<T>,
  follow: FollowOptions<T>,
  known?: { run: string; seq: number },
): Promise<void> {
  const pause = follow.pause ?? sleep;
  let last = known;
  let stream = first;
  const waits = new Set<string>();
  for (let tries = 0; ; tries++) {
    const before = last?.seq;
    let failure: unknown;
    try {
      for await (const item of stream) {
        follow.onItem(item);
        if (item.seq === undefined) continue;
        last = { run: item.run, seq: item.seq };
        if (TERMINAL.has(item.type as EventType)) return;
        for (const { wait } of item.waits ?? []) waits.add(wait);
        for (const wait of item.answered ?? item.answers?.map((one) => one.wait) ?? []) waits.delete(wait);
      }
    } catch (error) {
      failure = error;
    }
    follow.signal.throwIfAborted();
    const status = statusOf(failure);
    if (!last && !follow.resend) throw failure ?? lost(failure);
    // Before the first event every error response is final; later only a 4xx is.
    if (status >= 400 && (status < 500 || (last?.seq ?? -1) < 0)) throw failure;
    if (last?.seq !== before) tries = 0;
    // The stream of a request ends when its run waits.
    const waiting = failure === undefined && waits.size > 0;
    if (waiting && follow.untilWait) return;
    if (!waiting || tries > 0) {
      if (waits.size === 0) {
        if (tries >= TRIES) throw lost(failure);
        follow.onLost?.();
      }
      const ms = tries >= TRIES ? WAITING_PAUSE_MS : Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries);
      await pause(ms, follow.signal);
    }
    stream = last ? follow.reopen(last.run, last.seq) : follow.resend!();
  }
}

/** HTTP status of the response; 0 if the server did not respond. */
function statusOf(error: unknown): number {
  const status = (error as { status?: unknown } | undefined)?.status;
  return typeof status === "number" ? status : 0;
}

function lost(cause: unknown): PatchbayError {
  return new PatchbayError("connection_lost", networkTexts.lost(), { cause });
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      if (signal.aborted) reject(signal.reason);
      else resolve();
    }
  });
}

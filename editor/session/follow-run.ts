/** Following a run's stream through dropped connections and through what it waits for, to its end. */

import { PatchbayError } from "../../runtime/error.ts";
import type { Delta, RunEvent } from "../../runtime/event.ts";
import { TERMINAL } from "../../runtime/event.ts";

export type RunSignal = { kind: "event"; event: RunEvent } | { kind: "delta"; delta: Delta };

export interface Follow {
  signal: AbortSignal;
  /** The same run's stream again, from after an event. */
  reopen(run: string, after: number): AsyncIterable<RunSignal>;
  onItem(item: RunEvent | Delta): void;
  /** The connection was lost and is tried again. */
  onLost?(): void;
  /** Ends where the run rests until a person answers. */
  untilRest?: boolean;
  /** Waits before another try; rejects on abort. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

const TRIES = 6;

/** How long between two tries while a run rests: nobody looks on, and it may be answered in days. */
const REST_MS = 15_000;

/**
 * Resolves when the run has ended (or rests, where that is enough). Rejects with what the first stream rejects with where
 * no run came of it, with `connection_lost` where the server cannot be reached again while the run goes on, and with the
 * signal's reason on abort; the run goes on then.
 */
export async function followRun(
  first: AsyncIterable<RunSignal>,
  follow: Follow,
  known?: { run: string; seq: number },
): Promise<void> {
  let place = known;
  let stream = first;
  const waits = new Set<string>();
  for (let tries = 0; ; ) {
    const before = place?.seq;
    let failure: unknown;
    try {
      for await (const signal of stream) {
        if (signal.kind === "delta") {
          follow.onItem(signal.delta);
          continue;
        }
        const { event } = signal;
        place = { run: event.run, seq: event.seq };
        follow.onItem(event);
        if (TERMINAL.has(event.type)) return;
        if (event.type === "run-wait") for (const { wait } of event.waits) waits.add(wait);
        else if (event.type === "run-resume") for (const { wait } of event.answers ?? []) waits.delete(wait);
      }
    } catch (error) {
      failure = error;
    }
    if (follow.signal.aborted) throw follow.signal.reason;
    if (!place || isRefusal(failure)) throw failure ?? lost();
    if (place.seq !== before) tries = 0;
    // The stream of a request ends where the run rests.
    const rests = failure === undefined && waits.size > 0;
    if (rests && follow.untilRest) return;
    if (!rests || tries > 0) {
      if (waits.size === 0 && tries >= TRIES) throw lost();
      if (waits.size === 0) follow.onLost?.();
      await follow.pause(tries >= TRIES ? REST_MS : Math.min(4000, 400 * 2 ** tries), follow.signal);
    }
    tries++;
    stream = follow.reopen(place.run, place.seq);
  }
}

/** The server answered, and said no: asking again gives the same. */
function isRefusal(error: unknown): boolean {
  const status = (error as { status?: unknown } | undefined)?.status;
  return typeof status === "number" && status >= 400 && status < 500;
}

function lost(): PatchbayError {
  return new PatchbayError(
    "connection_lost",
    "The connection to the server was lost. The run goes on there; look under Runs.",
  );
}

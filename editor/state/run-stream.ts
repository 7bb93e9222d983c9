/** Following a run's stream through dropped connections, to its end or to where it waits for a person. */

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
  /** Waits before another try; rejects on abort. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

const TRIES = 6;

/**
 * Resolves when the run has ended or waits. Rejects with what the first stream rejects with where no run came of it, with
 * `connection_lost` where the server cannot be reached again, and with the signal's reason on abort; the run goes on then.
 */
export async function followRun(
  first: AsyncIterable<RunSignal>,
  follow: Follow,
  known?: { run: string; seq: number },
): Promise<void> {
  let place = known;
  let stream = first;
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
        if (TERMINAL.has(event.type) || event.type === "run-wait") return;
      }
    } catch (error) {
      failure = error;
    }
    if (follow.signal.aborted) throw follow.signal.reason;
    if (!place || isRefusal(failure)) throw failure ?? lost();
    if (place.seq !== before) tries = 0;
    if (++tries > TRIES) throw lost();
    follow.onLost?.();
    await follow.pause(Math.min(4000, 200 * 2 ** tries), follow.signal);
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

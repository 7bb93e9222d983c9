/** The state of a run that this process appends to: what is stored, and the events for the next write. */
import { PatchbayError } from "../../runtime/error.ts";
import { type RunEvent, TERMINAL } from "../../runtime/event.ts";
import type { RunRow } from "../contract/run.ts";
import type { Chunk } from "./chunks.ts";
import type { Idempotency } from "./event-log.ts";
import { indexEvent, type RowState } from "./run-row.ts";

export interface LiveRun {
  state: RowState | undefined;
  /** `seq` of the last event appended, and of the last one on disk. */
  appended: number;
  stored: number;
  ended: boolean;
  /** Set after a write failed: no later event can be stored. */
  failed?: PatchbayError;
  /** Events for the next write, one JSON text each. */
  lines: string[];
  /** The run begins with the next write. */
  begins?: { idempotency?: Idempotency };
  /** The next write changes the row of the run. */
  update: boolean;
  /** Settles when the next write is on disk or failed. */
  write?: PromiseWithResolvers<void>;
}

export function newLiveRun(): LiveRun {
  return { state: undefined, appended: -1, stored: -1, ended: false, lines: [], update: false };
}

/** The reason why the event cannot be appended: an earlier write failed, or the event does not follow the last one. */
export function appendError(live: LiveRun, event: RunEvent): PatchbayError | undefined {
  if (live.failed) return live.failed;
  if (event.seq === live.appended + 1 && !live.ended) return undefined;
  return new PatchbayError(
    "conflict",
    `Run ${event.run} is at event ${live.appended}${live.ended ? ", its last" : ""}; event ${event.seq} does not follow.`,
  );
}

/** Adds the event to the next write; resolves when it is on disk. `redact` removes secrets from its text. */
export function addEvent(
  live: LiveRun,
  event: RunEvent,
  { idempotency, redact }: { idempotency?: Idempotency; redact?(text: string): string },
): Promise<void> {
  const { state, changed } = indexEvent(live.state, event);
  live.state = state;
  live.appended = event.seq;
  const text = JSON.stringify(event);
  live.lines.push(redact ? redact(text) : text);
  if (event.type === "run-start") live.begins = idempotency ? { idempotency } : {};
  else if (changed) live.update = true;
  if (TERMINAL.has(event.type)) live.ended = true;
  if (!live.write) {
    live.write = Promise.withResolvers();
    // Each append rejects by itself; a caller may ignore that.
    live.write.promise.catch(() => {});
  }
  return live.write.promise;
}

export interface Write extends Pick<LiveRun, "begins" | "update"> {
  chunk: Chunk;
  /** The row after these events. */
  row: RunRow;
  done: PromiseWithResolvers<void>;
}

/** Takes the events for the next write. The run must have some. */
export function takeWrite(live: LiveRun): Write {
  const { appended, lines, begins, update } = live;
  const { row } = live.state!;
  const chunk = { run: row.id, first: appended - lines.length + 1, last: appended, body: lines.join("\n") };
  const done = live.write!;
  clear(live);
  return { chunk, row, begins, update, done };
}

/** Rejects the events for the next write. Later events are rejected too, because they would leave a gap. */
export function failRun(live: LiveRun, error: PatchbayError): void {
  live.failed ??= error;
  live.write?.reject(error);
  clear(live);
}

function clear(live: LiveRun): void {
  live.lines = [];
  live.begins = undefined;
  live.update = false;
  live.write = undefined;
}

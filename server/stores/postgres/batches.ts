/**
 * Writes the events of this process to PostgreSQL in batches: events that arrive while a batch is written go into the
 * next one. A batch that fails with a transient error is tried again; nothing is written twice.
 */
import type pg from "pg";
import { PatchbayError } from "../../../runtime/error.ts";
import { type RunEvent, TERMINAL } from "../../../runtime/event.ts";
import type { Idempotency } from "../event-log.ts";
import { indexEvent, type RowState } from "../run-row.ts";
import { isTransient, postgresError } from "./errors.ts";
import { RETRY_FOR_MS, retryTransient } from "./retry.ts";
import { alreadyWritten, type Part, writeBatch } from "./write-batch.ts";

/** The longest time that an event without `urgent` waits for its batch. */
const MAX_DELAY_MS = 20;

/** A run that this process appends to. */
export interface LiveRun {
  state: RowState | undefined;
  fence: number;
  /** `seq` of the last event appended, and of the last one on disk. */
  appended: number;
  stored: number;
  ended: boolean;
  /** Set after a write failed: no later event can be stored. */
  failed?: PatchbayError;
  /** Events for the next batch, one JSON text each. */
  lines: string[];
  /** The run begins with this batch. */
  begins?: { idempotency?: Idempotency };
  update: boolean;
  /** Settles when the next batch is on disk or failed. */
  batch?: PromiseWithResolvers<void>;
}

export function newLiveRun(fence: number): LiveRun {
  return { state: undefined, fence, appended: -1, stored: -1, ended: false, lines: [], update: false };
}

export interface BatchesOptions {
  pool: pg.Pool;
  /** Workers execute the runs that begin here. */
  leaveToWorkers: boolean;
  /** The id under which this process owns runs now. */
  ownerId(): string;
  /** Whether other processes are notified of stored events. */
  notifies(): boolean;
  /** Whether the run has a reader here: its events are written at once. */
  isFollowed(run: string): boolean;
  /** Events up to `last` are on disk. `queued`: the run is queued for the workers. */
  onStored(live: LiveRun, last: number, queued: boolean): void;
  redact?(text: string): string;
  retryForMs?: number;
}

export class Batches {
  readonly #options: BatchesOptions;
  readonly #pending = new Set<LiveRun>();
  /** Graphs that are not on disk yet, by hash. */
  readonly #graphs = new Map<string, string>();
  #writing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lastFailed = false;
  #closed: PatchbayError | undefined;

  constructor(options: BatchesOptions) {
    this.#options = options;
  }

  /** See `EventLog.append`. */
  append(live: LiveRun, event: RunEvent, options: { urgent?: boolean; idempotency?: Idempotency }): Promise<void> {
    if (this.#closed) return Promise.reject(this.#closed);
    if (live.failed) return Promise.reject(live.failed);
    if (event.seq !== live.appended + 1 || live.ended)
      return Promise.reject(
        new PatchbayError(
          "conflict",
          `Run ${event.run} is at event ${live.appended}${live.ended ? ", its last" : ""}; event ${event.seq} does not follow.`,
        ),
      );
    const { state, changed } = indexEvent(live.state, event);
    live.state = state;
    live.appended = event.seq;
    const text = JSON.stringify(event);
    live.lines.push(this.#options.redact ? this.#options.redact(text) : text);
    if (event.type === "run-start") live.begins = options.idempotency ? { idempotency: options.idempotency } : {};
    else if (changed) live.update = true;
    if (TERMINAL.has(event.type)) live.ended = true;
    if (!live.batch) {
      live.batch = Promise.withResolvers();
      // Each append rejects by itself; a caller may ignore that.
      live.batch.promise.catch(() => {});
      this.#pending.add(live);
    }
    if (options.urgent || this.#options.isFollowed(event.run)) this.writeSoon();
    else this.#writeLater();
    return live.batch.promise;
  }

  /** Writes in a microtask, so that events appended together go into one batch. */
  writeSoon(): void {
    queueMicrotask(() => this.#write());
  }

  /** Stores a graph with the next batch. */
  saveGraph(hash: string, body: string): void {
    this.#graphs.set(hash, body);
    this.#writeLater();
  }

  /** The text of a graph that is not on disk yet. */
  pendingGraph(hash: string): string | undefined {
    return this.#graphs.get(hash);
  }

  /** Rejects later appends with `reason`; resolves when all earlier events are on disk or failed. */
  async close(reason: PatchbayError): Promise<void> {
    this.#closed = reason;
    clearTimeout(this.#timer);
    while (this.#pending.size > 0 || this.#graphs.size > 0 || this.#writing) {
      this.#writing ??= this.#writeAll();
      await this.#writing;
      if (this.#lastFailed) break;
    }
  }

  #writeLater(): void {
    this.#timer ??= setTimeout(() => this.#write(), MAX_DELAY_MS);
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#closed) return;
    this.#writing ??= this.#writeAll();
  }

  /** Writes one batch after another until nothing is pending. */
  async #writeAll(): Promise<void> {
    // The caller's synchronous code runs first.
    await undefined;
    while (this.#pending.size > 0 || this.#graphs.size > 0) {
      const lives = [...this.#pending];
      const graphs = [...this.#graphs];
      this.#pending.clear();
      await this.#writeBatch(lives, graphs);
      if (this.#lastFailed) break;
    }
    this.#writing = undefined;
    if (this.#pending.size > 0 && !this.#closed) this.#writeLater();
  }

  async #writeBatch(lives: LiveRun[], graphs: [string, string][]): Promise<void> {
    const batches = lives.map((live) => live.batch!);
    const parts = lives.map((live) => this.#takePending(live));
    try {
      const stored = await this.#writeWithRetry(parts, graphs);
      this.#lastFailed = false;
      for (const [hash] of graphs) this.#graphs.delete(hash);
      parts.forEach((part, index) => {
        const live = lives[index]!;
        if (stored.has(part.run)) {
          live.stored = part.last;
          this.#options.onStored(live, part.last, part.insert?.owner === null);
          batches[index]!.resolve();
        } else this.#fail(live, refusal(part), batches[index]!);
      });
    } catch (error) {
      this.#lastFailed = true;
      const failure = postgresError(error);
      lives.forEach((live, index) => {
        this.#fail(live, failure, batches[index]!);
      });
    }
  }

  /** Takes the pending events of the run. */
  #takePending(live: LiveRun): Part {
    const { row } = live.state!;
    const { begins } = live;
    const queued = this.#options.leaveToWorkers && begins !== undefined && !live.ended;
    const part: Part = {
      run: row.id,
      first: live.appended - live.lines.length + 1,
      last: live.appended,
      body: live.lines.length === 1 ? live.lines[0]! : live.lines.join("\n"),
      fence: queued ? 0 : live.fence,
    };
    if (begins)
      part.insert = {
        row: queued ? { ...row, status: "queued" } : row,
        owner: queued ? null : this.#options.ownerId(),
        ...(begins.idempotency && { idempotencyId: begins.idempotency.id, bodyHash: begins.idempotency.bodyHash }),
      };
    else if (live.update) part.update = row;
    live.lines = [];
    live.batch = undefined;
    live.begins = undefined;
    live.update = false;
    return part;
  }

  /** Writes, and retries during a restart of the database. Parts that are already written are skipped. */
  async #writeWithRetry(parts: Part[], graphs: [string, string][]): Promise<Set<string>> {
    const { pool, retryForMs: patienceMs = RETRY_FOR_MS } = this.#options;
    const done = new Set<string>();
    /** The last attempt may have been committed. */
    let isUncertain = false;
    await retryTransient(async () => {
      if (isUncertain) for (const run of await alreadyWritten(pool, parts)) done.add(run);
      const rest = parts.filter((part) => !done.has(part.run));
      try {
        for (const run of await writeBatch(pool, rest, graphs, this.#options.notifies())) done.add(run);
      } catch (error) {
        isUncertain = isTransient(error);
        throw error;
      }
    }, patienceMs);
    return done;
  }

  /** Later events of the run fail too, because they would leave a gap. */
  #fail(live: LiveRun, error: PatchbayError, batch: PromiseWithResolvers<void>): void {
    live.failed ??= error;
    batch.reject(error);
    this.#pending.delete(live);
    live.batch?.reject(error);
    live.batch = undefined;
    live.lines = [];
    live.update = false;
    live.begins = undefined;
  }
}

function refusal({ run, insert }: Part): PatchbayError {
  return new PatchbayError(
    "conflict",
    insert
      ? `Run ${run} was not started: its Idempotency-Key is already used, or a turn of its session still runs.`
      : `Run ${run} has ended, or another process has it.`,
  );
}

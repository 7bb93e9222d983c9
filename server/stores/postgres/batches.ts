/**
 * Writes the events of this process to PostgreSQL in batches: events that arrive while a batch is written go into the
 * next one. A batch that fails with a transient error is tried again; nothing is written twice.
 */
import type pg from "pg";
import { PatchbayError } from "../../../runtime/error.ts";
import type { RunEvent } from "../../../runtime/event.ts";
import type { Idempotency } from "../event-log.ts";
import { addEvent, appendError, failRun, type LiveRun, takeWrite } from "../live-run.ts";
import { isTransient, postgresError } from "./errors.ts";
import { RETRY_FOR_MS, retryTransient } from "./retry.ts";
import { alreadyWritten, type Part, writeBatch } from "./write-batch.ts";

/** The longest time that an event without `urgent` waits for its batch. */
const MAX_DELAY_MS = 20;

export interface ClaimedRun extends LiveRun {
  /** See `claims.ts`. */
  fence: number;
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
  onStored(live: ClaimedRun, last: number, queued: boolean): void;
  redact?(text: string): string;
  retryForMs?: number;
}

export class Batches {
  readonly #options: BatchesOptions;
  readonly #pending = new Set<ClaimedRun>();
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
  append(live: ClaimedRun, event: RunEvent, options: { urgent?: boolean; idempotency?: Idempotency }): Promise<void> {
    if (this.#closed) return Promise.reject(this.#closed);
    const refused = appendError(live, event);
    if (refused) return Promise.reject(refused);
    const stored = addEvent(live, event, { idempotency: options.idempotency, redact: this.#options.redact });
    this.#pending.add(live);
    if (options.urgent || this.#options.isFollowed(event.run)) this.writeSoon();
    else this.#writeLater();
    return stored;
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

  async #writeBatch(lives: ClaimedRun[], graphs: [string, string][]): Promise<void> {
    const pending = lives.map((live) => ({ live, ...this.#takePart(live) }));
    try {
      const stored = await this.#writeWithRetry(
        pending.map(({ part }) => part),
        graphs,
      );
      this.#lastFailed = false;
      for (const [hash] of graphs) this.#graphs.delete(hash);
      for (const { live, part, done } of pending)
        if (stored.has(part.run)) {
          live.stored = part.last;
          this.#options.onStored(live, part.last, part.insert?.owner === null);
          done.resolve();
        } else this.#fail(live, refusal(part), done);
    } catch (error) {
      this.#lastFailed = true;
      for (const { live, done } of pending) this.#fail(live, postgresError(error), done);
    }
  }

  /** Takes the pending events of the run. */
  #takePart(live: ClaimedRun): { part: Part; done: PromiseWithResolvers<void> } {
    const { chunk, row, begins, update, done } = takeWrite(live);
    const queued = this.#options.leaveToWorkers && begins !== undefined && !live.ended;
    const part: Part = { ...chunk, fence: queued ? 0 : live.fence };
    if (begins)
      part.insert = {
        row: queued ? { ...row, status: "queued" } : row,
        owner: queued ? null : this.#options.ownerId(),
        ...(begins.idempotency && { idempotencyId: begins.idempotency.id, bodyHash: begins.idempotency.bodyHash }),
      };
    else if (update) part.update = row;
    return { part, done };
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

  #fail(live: ClaimedRun, error: PatchbayError, done: PromiseWithResolvers<void>): void {
    done.reject(error);
    failRun(live, error);
    this.#pending.delete(live);
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

/**
 * What this process appends, on its way to PostgreSQL: what all of its runs append while the last batch is written goes
 * into the next one. A batch that fails for a moment is tried again; what was written already is not written twice.
 */
import type pg from "pg";
import { PatchbayError } from "../../../runtime/error.ts";
import { type RunEvent, TERMINAL } from "../../../runtime/event.ts";
import type { Idempotency } from "../event-log.ts";
import { indexEvent, type RowState } from "../run-row.ts";
import { isTransient, postgresError } from "./errors.ts";
import { PATIENCE_MS, retrying } from "./retry.ts";
import { alreadyWritten, type Part, writeBatch } from "./write-batch.ts";

/** The longest that an event which need not be waited for is held back. */
const HOLD_MS = 20;

/** A run that this process appends to. */
export interface LiveRun {
  state: RowState | undefined;
  fence: number;
  /** `seq` of the last event appended, and of the last one on disk. */
  appended: number;
  stored: number;
  ended: boolean;
  /** Set while nothing more of the run can be stored. */
  failed?: PatchbayError;
  /** What waits for the next batch. */
  lines: string[];
  /** The run begins with this batch. */
  begins?: { idempotency?: Idempotency };
  update: boolean;
  /** Settles when what waits for the next batch is on disk, or cannot be. */
  batch?: PromiseWithResolvers<void>;
}

export function liveRun(fence: number): LiveRun {
  return { state: undefined, fence, appended: -1, stored: -1, ended: false, lines: [], update: false };
}

export interface BatchesOptions {
  pool: pg.Pool;
  /** Runs that begin here are left to the workers. */
  leave: boolean;
  /** The id under which this process holds runs now. */
  me(): string;
  /** Others are to be told of what is stored. */
  notifies(): boolean;
  /** Somebody follows the run here: its events are not held back. */
  isFollowed(run: string): boolean;
  /** Events up to `last` are on disk. `left`: the run is the workers' now. */
  stored(live: LiveRun, last: number, left: boolean): void;
  redact?(text: string): string;
  patienceMs?: number;
}

export class Batches {
  readonly #options: BatchesOptions;
  readonly #waiting = new Set<LiveRun>();
  /** Graphs that are not known to be on disk yet, by hash. */
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
          `Run ${event.run} stands at event ${live.appended}${live.ended ? ", its last" : ""}; event ${event.seq} does not follow.`,
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
      // Each append hears of a failure; where nobody asked, nobody needs to.
      live.batch.promise.catch(() => {});
      this.#waiting.add(live);
    }
    if (options.urgent || this.#options.isFollowed(event.run)) this.hurry();
    else this.#writeLater();
    return live.batch.promise;
  }

  /** Writes at the end of this turn of the event loop, so that what comes together goes together. */
  hurry(): void {
    queueMicrotask(() => this.#write());
  }

  /** Stores a graph with the next batch. */
  saveGraph(hash: string, body: string): void {
    this.#graphs.set(hash, body);
    this.#writeLater();
  }

  /** The text of a graph that is not known to be on disk yet. */
  newGraph(hash: string): string | undefined {
    return this.#graphs.get(hash);
  }

  /** Takes nothing more in; resolves when all that was taken in is on disk or cannot be. */
  async close(why: PatchbayError): Promise<void> {
    this.#closed = why;
    clearTimeout(this.#timer);
    while (this.#waiting.size > 0 || this.#graphs.size > 0 || this.#writing) {
      this.#writing ??= this.#writeAll();
      await this.#writing;
      if (this.#lastFailed) break;
    }
  }

  #writeLater(): void {
    this.#timer ??= setTimeout(() => this.#write(), HOLD_MS);
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#closed) return;
    this.#writing ??= this.#writeAll();
  }

  /** One batch after another: the next one takes all that came meanwhile. */
  async #writeAll(): Promise<void> {
    // Lets the caller's turn end first.
    await undefined;
    while (this.#waiting.size > 0 || this.#graphs.size > 0) {
      const lives = [...this.#waiting];
      const graphs = [...this.#graphs];
      this.#waiting.clear();
      await this.#writeBatch(lives, graphs);
      if (this.#lastFailed) break;
    }
    this.#writing = undefined;
    if (this.#waiting.size > 0 && !this.#closed) this.#writeLater();
  }

  async #writeBatch(lives: LiveRun[], graphs: [string, string][]): Promise<void> {
    const batches = lives.map((live) => live.batch!);
    const parts = lives.map((live) => this.#part(live));
    try {
      const stored = await this.#insist(parts, graphs);
      this.#lastFailed = false;
      for (const [hash] of graphs) this.#graphs.delete(hash);
      parts.forEach((part, place) => {
        const live = lives[place]!;
        if (stored.has(part.run)) {
          live.stored = part.last;
          this.#options.stored(live, part.last, part.insert?.owner === null);
          batches[place]!.resolve();
        } else this.#fail(live, refused(part), batches[place]!);
      });
    } catch (error) {
      this.#lastFailed = true;
      const failure = postgresError(error);
      lives.forEach((live, place) => {
        this.#fail(live, failure, batches[place]!);
      });
    }
  }

  /** Takes what waits of the run. */
  #part(live: LiveRun): Part {
    const { row } = live.state!;
    const { begins } = live;
    // A run that begins here and is left to the workers is theirs from its first event on.
    const left = this.#options.leave && begins !== undefined && !live.ended;
    const part: Part = {
      run: row.id,
      first: live.appended - live.lines.length + 1,
      last: live.appended,
      body: live.lines.length === 1 ? live.lines[0]! : live.lines.join("\n"),
      fence: left ? 0 : live.fence,
    };
    if (begins)
      part.insert = {
        row: left ? { ...row, status: "queued" } : row,
        owner: left ? null : this.#options.me(),
        ...(begins.idempotency && { idempotencyId: begins.idempotency.id, bodyHash: begins.idempotency.bodyHash }),
      };
    else if (live.update) part.update = row;
    live.lines = [];
    live.batch = undefined;
    live.begins = undefined;
    live.update = false;
    return part;
  }

  /** Writes, and goes on through a restart of the database. What is found written already is not written again. */
  async #insist(parts: Part[], graphs: [string, string][]): Promise<Set<string>> {
    const { pool, patienceMs = PATIENCE_MS } = this.#options;
    const done = new Set<string>();
    let doubt = false;
    await retrying(async () => {
      if (doubt) for (const run of await alreadyWritten(pool, parts)) done.add(run);
      const rest = parts.filter((part) => !done.has(part.run));
      try {
        for (const run of await writeBatch(pool, rest, graphs, this.#options.notifies())) done.add(run);
      } catch (error) {
        doubt = isTransient(error);
        throw error;
      }
    }, patienceMs);
    return done;
  }

  /** What was appended since can be stored no more either: it would leave a gap. */
  #fail(live: LiveRun, error: PatchbayError, batch: PromiseWithResolvers<void>): void {
    live.failed ??= error;
    batch.reject(error);
    this.#waiting.delete(live);
    live.batch?.reject(error);
    live.batch = undefined;
    live.lines = [];
    live.update = false;
    live.begins = undefined;
  }
}

function refused({ run, insert }: Part): PatchbayError {
  return new PatchbayError(
    "conflict",
    insert
      ? `Run ${run} was not begun: its Idempotency-Key is taken, or a turn of its session still runs.`
      : `Run ${run} is over or was given to another process.`,
  );
}

/**
 * The event log on PostgreSQL. What all runs of this process append while the last batch is on its way goes into the
 * next one. A run belongs to one process at a time: it is claimed before it is appended to, and each write carries the
 * fence that the claim gave.
 */
import type pg from "pg";
import { PatchbayError } from "../../../runtime/error.ts";
import { type RunEvent, TERMINAL } from "../../../runtime/event.ts";
import type { Graph } from "../../../runtime/graph.ts";
import type { EventLog, Idempotency, RunFilter, RunRow, SessionRow, UsageRow } from "../../services.ts";
import { indexEvent, type RowState } from "../run-row.ts";
import { giveBack, ownerOf, queueRuns, takeRun } from "./claims.ts";
import { isTransient, postgresError } from "./errors.ts";
import type { Listener } from "./listen.ts";
import { join, type Members } from "./members.ts";
import { RunReader } from "./read-runs.ts";
import { PATIENCE_MS, retrying } from "./retry.ts";
import { Watchers } from "./watchers.ts";
import { alreadyWritten, type Part, writeBatch } from "./write-batch.ts";

/** The longest that an event which need not be waited for is held back. */
const HOLD_MS = 20;
const DELETE_BATCH = 200;
const MAX_KNOWN_GRAPHS = 10_000;
/** Telling can be missed: what is watched is looked up again each so many beats. */
const LOOK_EVERY = 3;
const LOAD_PAGE = 5_000;
export interface PostgresLogOptions {
  pool: pg.Pool;
  listener: Listener;
  /** Names this process among all that use the database. */
  member: string;
  /** `web`: runs that begin here are left to the workers. */
  role?: "web" | "worker" | "all";
  redact?(text: string): string;
  beatMs?: number;
  deadMs?: number;
  patienceMs?: number;
}

/** A run that this process appends to. */
interface Live {
  state: RowState | undefined;
  fence: number;
  appended: number;
  stored: number;
  failed?: PatchbayError;
  /** Until when waits that are open may be answered. */
  expires: Map<string, number>;
  /** What waits for the next batch. */
  lines: string[];
  /** The run begins with this batch. */
  begins?: { idempotency?: Idempotency };
  update: boolean;
  ended: boolean;
  /** Settles when what waits for the next batch is on disk, or cannot be. */
  batch?: PromiseWithResolvers<void>;
}

export interface PostgresLog extends EventLog {
  /** Queues the runs that want a worker although no job says so: see `RunReader.due`. */
  queueDue(limit: number, now: number): Promise<void>;
  readonly members: Members;
}

/** Joins the processes that use the database. Rejects with `unavailable` when it cannot be reached. */
export async function openPostgresLog(options: PostgresLogOptions): Promise<PostgresLog> {
  const log = new PostgresEventLog(options);
  try {
    await log.open();
    return log;
  } catch (error) {
    throw postgresError(error);
  }
}

class PostgresEventLog implements PostgresLog {
  members!: Members;
  readonly #options: PostgresLogOptions;
  readonly #pool: pg.Pool;
  readonly #reader: RunReader;
  readonly #live = new Map<string, Live>();
  /** Runs that are being claimed. */
  readonly #loading = new Map<string, Promise<Live>>();
  readonly #watchers: Watchers;
  readonly #graphs = new Set<string>();
  /** Graphs that are not known to be on disk yet. */
  readonly #newGraphs = new Map<string, string>();
  readonly #waiting = new Set<Live>();
  #writing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #beats = 0;
  #stopListening = () => {};
  #closed: PatchbayError | undefined;

  constructor(options: PostgresLogOptions) {
    this.#options = options;
    this.#pool = options.pool;
    this.#reader = new RunReader(options.pool);
    this.#watchers = new Watchers({
      isLive: (run) => this.#live.has(run),
      lasts: (runs) => this.#reader.lasts(runs),
    });
  }

  async open(): Promise<void> {
    const { pool, listener, member, role = "all", beatMs, deadMs } = this.#options;
    this.#stopListening = await listener.on(
      "patchbay_events",
      (told) => this.#watchers.hear(told),
      () => void this.#watchers.look(),
    );
    this.members = await join({
      pool,
      listener,
      id: member,
      role,
      ...(beatMs !== undefined && { beatMs }),
      ...(deadMs !== undefined && { deadMs }),
      onBuried: () => this.#buried(),
      onBeat: () => {
        if (++this.#beats % LOOK_EVERY === 0) void this.#watchers.look();
      },
    });
  }

  append(event: RunEvent, options: { urgent?: boolean; idempotency?: Idempotency } = {}): Promise<void> {
    if (this.#closed) return Promise.reject(this.#closed);
    const live = this.#live.get(event.run) ?? (event.type === "run-start" ? this.#begin(event.run) : undefined);
    if (live) return this.#take(live, event, options);
    // Callbacks of one promise run in the order in which they were added, so order is kept.
    return this.#load(event.run).then((loaded) => this.#take(loaded, event, options));
  }

  read(run: string, after: number, limit = 1000): Promise<RunEvent[]> {
    return this.#reader.events(run, after, limit);
  }

  last(run: string): number | Promise<number> {
    const live = this.#live.get(run);
    if (live) return live.stored;
    return (
      this.#watchers.last(run) ??
      this.#reader.lasts([run]).then((found) => this.#live.get(run)?.stored ?? found.get(run) ?? -1)
    );
  }

  watch(run: string, listener: () => void): () => void {
    const stop = this.#watchers.watch(run, listener);
    // Somebody looks: what was held back comes at once.
    if (this.#live.get(run)?.batch) this.#writeSoon();
    return stop;
  }

  row(run: string): Promise<RunRow | undefined> {
    return this.#reader.row(run);
  }

  rows(filter: RunFilter): Promise<RunRow[]> {
    return this.#reader.rows(filter);
  }

  unfinished(): Promise<RunRow[]> {
    return this.#reader.unfinished();
  }

  openRuns(): Promise<Record<string, number>> {
    return this.#reader.openRuns();
  }

  async queueDue(limit: number, now: number): Promise<void> {
    await tried(queueRuns(this.#pool, await this.#reader.due(limit, now)));
  }

  sessions(filter: Parameters<EventLog["sessions"]>[0]): Promise<SessionRow[]> {
    return this.#reader.sessions(filter);
  }

  sessionRuns(session: string, options: { agent?: string; key?: string } = {}): Promise<RunRow[]> {
    return this.#reader.sessionRuns(session, options);
  }

  findIdempotent(key: string, id: string): Promise<{ run: string; bodyHash: string } | undefined> {
    return this.#reader.findIdempotent(key, id);
  }

  async rate(run: string, rating: { score: number; comment?: string }): Promise<boolean> {
    return (
      (await this.#change("UPDATE patchbay.runs SET rating = $2 WHERE id = $1", [run, JSON.stringify(rating)])) > 0
    );
  }

  async delete(run: string): Promise<boolean> {
    const row = await this.row(run);
    if (!row) return false;
    if (row.endedAt === undefined)
      throw new PatchbayError("conflict", `Run ${run} has not ended; cancel it before you delete it.`);
    return (await this.#delete([run])) > 0;
  }

  async deleteBefore(time: number): Promise<number> {
    for (let deleted = 0; ; ) {
      const runs = await this.#reader.endedBefore(time, DELETE_BATCH);
      if (runs.length > 0) deleted += await this.#delete(runs);
      if (runs.length < DELETE_BATCH) return deleted;
    }
  }

  async claim(run: string): Promise<boolean> {
    const live = this.#live.get(run);
    if (live && !live.failed) return true;
    // What failed here is read anew: it may have been another's since.
    this.#live.delete(run);
    try {
      return (await this.#load(run)).state !== undefined;
    } catch (error) {
      if (error instanceof PatchbayError && error.code === "conflict") return false;
      throw error;
    }
  }

  async release(run: string, options: { queue?: boolean } = {}): Promise<void> {
    const live = this.#live.get(run);
    if (!live || live.failed) return;
    if (live.batch) await live.batch.promise;
    if (!this.#live.delete(run) || live.ended) return;
    const wakesAt = Math.min(...live.expires.values());
    await tried(
      giveBack(this.#pool, {
        run,
        fence: live.fence,
        last: live.stored,
        queue: options.queue ?? false,
        ...(Number.isFinite(wakesAt) && { wakesAt }),
      }),
    );
  }

  owner(run: string): Promise<string | undefined> {
    return tried(ownerOf(this.#pool, run));
  }

  async recover(run: string): Promise<number> {
    const live = this.#live.get(run);
    if (live && !live.failed) return live.stored;
    this.#live.delete(run);
    // Only as long as it did not change hands since.
    return (await this.#load(run, live?.fence)).stored;
  }

  saveGraph(hash: string, graph: Graph): void {
    if (this.#graphs.has(hash)) return;
    if (this.#graphs.size >= MAX_KNOWN_GRAPHS) this.#graphs.clear();
    this.#graphs.add(hash);
    this.#newGraphs.set(hash, JSON.stringify(graph));
    this.#writeLater();
  }

  async graph(hash: string): Promise<Graph | undefined> {
    const pending = this.#newGraphs.get(hash);
    return pending ? (JSON.parse(pending) as Graph) : this.#reader.graph(hash);
  }

  usage(filter: { from: number; to: number; agent?: string }): Promise<UsageRow[]> {
    return this.#reader.usage(filter);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = new PatchbayError("unavailable", "The server is stopping.");
    clearTimeout(this.#timer);
    while (this.#waiting.size > 0 || this.#newGraphs.size > 0 || this.#writing) {
      this.#writing ??= this.#writeAll();
      await this.#writing;
      if (this.#lastFailed) break;
    }
    this.#stopListening();
    // What this process owned is free as soon as its row is gone.
    await this.members.close();
  }

  /* ---- appending ---- */

  #begin(run: string): Live {
    const live: Live = { ...fresh(), fence: 1 };
    this.#live.set(run, live);
    return live;
  }

  #take(live: Live, event: RunEvent, options: { urgent?: boolean; idempotency?: Idempotency }): Promise<void> {
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
    noteExpiry(live.expires, event);
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
    if (options.urgent || this.#watchers.has(event.run)) this.#writeSoon();
    else this.#writeLater();
    return live.batch.promise;
  }

  #writeLater(): void {
    this.#timer ??= setTimeout(() => this.#write(), HOLD_MS);
  }

  /** At the end of this turn of the event loop, so that what comes together goes together. */
  #writeSoon(): void {
    queueMicrotask(() => this.#write());
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#closed) return;
    this.#writing ??= this.#writeAll();
  }

  #lastFailed = false;

  /** One batch after another: the next one takes all that came meanwhile. */
  async #writeAll(): Promise<void> {
    // Lets the caller's turn end first.
    await undefined;
    while (this.#waiting.size > 0 || this.#newGraphs.size > 0) {
      const lives = [...this.#waiting];
      const graphs = [...this.#newGraphs];
      this.#waiting.clear();
      await this.#writeBatch(lives, graphs);
      if (this.#lastFailed) break;
    }
    this.#writing = undefined;
    if (this.#waiting.size > 0 && !this.#closed) this.#writeLater();
  }

  async #writeBatch(lives: Live[], graphs: [string, string][]): Promise<void> {
    const web = this.#options.role === "web";
    const parts: Part[] = [];
    const batches: PromiseWithResolvers<void>[] = [];
    for (const live of lives) {
      const { row } = live.state!;
      const idempotency = live.begins?.idempotency;
      // A run that begins here and is left to the workers is theirs from its first event on.
      const left = web && live.begins !== undefined && !live.ended;
      parts.push({
        run: row.id,
        first: live.appended - live.lines.length + 1,
        last: live.appended,
        body: live.lines.length === 1 ? live.lines[0]! : live.lines.join("\n"),
        fence: left ? 0 : live.fence,
        ...(live.begins
          ? {
              insert: {
                row: left ? { ...row, status: "queued" } : row,
                owner: left ? null : this.members.id(),
                ...(idempotency && { idempotencyId: idempotency.id, bodyHash: idempotency.bodyHash }),
              },
            }
          : live.update
            ? { update: row }
            : {}),
      });
      batches.push(live.batch!);
      live.lines = [];
      live.batch = undefined;
      live.begins = undefined;
      live.update = false;
    }
    try {
      const stored = await this.#insist(parts, graphs);
      this.#lastFailed = false;
      for (const [hash] of graphs) this.#newGraphs.delete(hash);
      parts.forEach((part, place) => {
        if (stored.has(part.run)) this.#stored(lives[place]!, part, batches[place]!);
        else this.#fail(lives[place]!, refused(part), batches[place]!);
      });
    } catch (error) {
      this.#lastFailed = true;
      const failure = postgresError(error);
      lives.forEach((live, place) => {
        this.#fail(live, failure, batches[place]!);
      });
    }
  }

  /** Writes, and goes on through a restart of the database. What is found written already is not written again. */
  async #insist(parts: Part[], graphs: [string, string][]): Promise<Set<string>> {
    const done = new Set<string>();
    let doubt = false;
    await retrying(async () => {
      if (doubt) for (const run of await alreadyWritten(this.#pool, parts)) done.add(run);
      const rest = parts.filter((part) => !done.has(part.run));
      try {
        for (const run of await writeBatch(this.#pool, rest, graphs, this.members.others() > 0)) done.add(run);
      } catch (error) {
        doubt = isTransient(error);
        throw error;
      }
    }, this.#options.patienceMs ?? PATIENCE_MS);
    return done;
  }

  #stored(live: Live, part: Part, batch: PromiseWithResolvers<void>): void {
    live.stored = part.last;
    const left = part.insert?.owner === null;
    if ((left || (live.ended && part.last === live.appended)) && this.#live.get(part.run) === live) {
      this.#live.delete(part.run);
      this.#watchers.left(part.run, part.last);
    }
    batch.resolve();
    this.#watchers.wake(part.run);
  }

  /** What was appended since can be stored no more either: it would leave a gap. */
  #fail(live: Live, error: PatchbayError, batch: PromiseWithResolvers<void>): void {
    live.failed ??= error;
    batch.reject(error);
    this.#waiting.delete(live);
    live.batch?.reject(error);
    live.batch = undefined;
    live.lines = [];
    live.update = false;
    live.begins = undefined;
  }

  /* ---- claiming ---- */

  #load(run: string, fence?: number): Promise<Live> {
    let loading = this.#loading.get(run);
    if (!loading) {
      loading = this.#claim(run, fence).finally(() => this.#loading.delete(run));
      this.#loading.set(run, loading);
    }
    return loading;
  }

  /** Takes the run for this process and reads how far it came. Rejects with `conflict` while another one has it. */
  async #claim(run: string, fence?: number): Promise<Live> {
    const live = fresh();
    try {
      const taken = await takeRun(this.#pool, run, this.members.id(), fence);
      if (taken === undefined) {
        const row = await this.#reader.row(run);
        if (row && row.endedAt === undefined)
          throw new PatchbayError("conflict", `Run ${run} is in the hands of another process.`);
        // Over, or not there: nothing can follow, which the first append says.
        live.ended = row !== undefined;
        live.appended = live.stored = (await this.#reader.lasts([run])).get(run) ?? -1;
        return live;
      }
      live.fence = taken;
      for (;;) {
        const events = await this.#reader.events(run, live.stored, LOAD_PAGE);
        for (const event of events) {
          live.state = indexEvent(live.state, event).state;
          noteExpiry(live.expires, event);
        }
        live.stored = events.at(-1)?.seq ?? live.stored;
        if (events.length < LOAD_PAGE) break;
      }
      live.appended = live.stored;
      this.#live.set(run, live);
      this.#watchers.took(run);
      return live;
    } catch (error) {
      throw postgresError(error);
    }
  }

  /** The others took this process for dead: it gives up what it holds, whether somebody took it over yet or not. */
  #buried(): void {
    for (const [run, live] of this.#live) {
      live.failed ??= new PatchbayError("conflict", `Run ${run} was given to another process.`);
    }
  }

  async #delete(runs: string[]): Promise<number> {
    return this.#change(
      `WITH gone AS (DELETE FROM patchbay.runs WHERE id = ANY($1) AND ended_at IS NOT NULL RETURNING id),
       events AS (DELETE FROM patchbay.chunks WHERE run IN (SELECT id FROM gone))
       SELECT id FROM gone`,
      [runs],
    );
  }

  async #change(text: string, values: unknown[]): Promise<number> {
    if (this.#closed) throw this.#closed;
    return (await tried(retrying(() => this.#pool.query(text, values)))).rowCount ?? 0;
  }
}

async function tried<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw postgresError(error);
  }
}

function fresh(): Live {
  return {
    state: undefined,
    fence: 0,
    appended: -1,
    stored: -1,
    expires: new Map(),
    lines: [],
    update: false,
    ended: false,
  };
}

function noteExpiry(expires: Map<string, number>, event: RunEvent): void {
  if (event.type === "run-wait") {
    for (const { wait, expiresAt } of event.waits) if (expiresAt !== undefined) expires.set(wait, expiresAt);
  } else if (event.type === "run-resume") for (const { wait } of event.answers ?? []) expires.delete(wait);
}

function refused({ run, insert }: Part): PatchbayError {
  return new PatchbayError(
    "conflict",
    insert
      ? `Run ${run} was not begun: its Idempotency-Key is taken, or a turn of its session still runs.`
      : `Run ${run} is over or was given to another process.`,
  );
}

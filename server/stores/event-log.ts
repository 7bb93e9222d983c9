/**
 * The event log on SQLite. Events become text here, once; a worker thread writes them, many runs in one synced
 * transaction. Reads go through a connection of their own on this thread.
 */
import { Worker } from "node:worker_threads";
import type Database from "better-sqlite3";
import { PatchbayError } from "../../runtime/error.ts";
import { type RunEvent, TERMINAL } from "../../runtime/event.ts";
import type { Graph } from "../../runtime/graph.ts";
import type { EventLog, Idempotency, RunFilter, RunRow, SessionRow, UsageRow } from "../services.ts";
import { openSqlite, storageError } from "./database.ts";
import { type Cell, type FromWorker, type Item, ROW_COLUMNS, type ToWorker } from "./event-log-schema.ts";
import { indexEvent, type RowState } from "./run-row.ts";

/** The longest that an event which need not be waited for is held back. */
const HOLD_MS = 20;
/** Runs deleted in one transaction, so that writers wait for milliseconds only. */
const DELETE_BATCH = 200;
const MAX_KNOWN_GRAPHS = 10_000;
/** Batches on their way at once: one that is being synced and the next. What comes meanwhile fills a third here. */
const MAX_SENT = 2;

/** A run that is being written. */
interface Live {
  state: RowState | undefined;
  /** `seq` of the last event appended, and of the last one on disk. */
  appended: number;
  stored: number;
  /** Set while nothing more of the run can be stored. */
  failed?: PatchbayError;
  /** What waits for the next batch. */
  lines: string[];
  insert?: Cell[];
  update: boolean;
  queued: boolean;
  ended: boolean;
}

interface Batch {
  lives: Live[];
  /** `seq` of the last event of each run in it. */
  lasts: number[];
  graphs: [hash: string, body: string][];
  promise: Promise<void>;
  resolve(): void;
  reject(error: PatchbayError): void;
}

interface EventLogOptions {
  file: string;
  /** Takes known secrets out of every event's text. */
  redact?(text: string): string;
  /** How long a write waits for another process; 5 s. */
  busyMs?: number;
  /** The most pages the file may have; as large as the disk. */
  maxPages?: number;
}

/** Opens or creates the log. Rejects with `unavailable` as `openSqlite` does. */
export async function openEventLog(options: EventLogOptions): Promise<EventLog> {
  const worker = new Worker(new URL("./event-log-worker.ts", import.meta.url), {
    workerData: { file: options.file, busyMs: options.busyMs, maxPages: options.maxPages },
  });
  const first = await new Promise<FromWorker>((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  if ("broken" in first) {
    await worker.terminate();
    throw new PatchbayError("unavailable", first.broken.message);
  }
  return new SqliteEventLog(worker, openSqlite(options.file, [], { readonly: true }), options.redact);
}

class SqliteEventLog implements EventLog {
  readonly #worker: Worker;
  readonly #db: Database.Database;
  readonly #redact: ((text: string) => string) | undefined;
  readonly #live = new Map<string, Live>();
  readonly #watchers = new Map<string, Set<() => void>>();
  readonly #graphs = new Set<string>();

  /** The batch that is being filled, and those on their way by number. */
  #open: Batch | undefined;
  /** Graphs that are not known to be on disk yet. */
  readonly #newGraphs = new Map<string, string>();
  readonly #sent = new Map<number, Batch>();
  readonly #calls = new Map<number, { resolve(result: number): void; reject(error: PatchbayError): void }>();
  #next = 1;
  #timer: NodeJS.Timeout | undefined;
  #flushSoon = false;
  /** The open batch goes as soon as another one is back. */
  #overdue = false;
  #closed: PatchbayError | undefined;

  readonly #selectChunks: Database.Statement;
  readonly #selectLast: Database.Statement;
  readonly #selectRow: Database.Statement;

  constructor(worker: Worker, db: Database.Database, redact?: (text: string) => string) {
    this.#worker = worker;
    this.#db = db;
    this.#redact = redact;
    this.#selectChunks = db.prepare("SELECT first, last, body FROM chunks WHERE run = ? AND last > ? ORDER BY last");
    this.#selectLast = db.prepare("SELECT max(last) FROM chunks WHERE run = ?").pluck();
    this.#selectRow = db.prepare("SELECT * FROM runs WHERE id = ?");
    worker.on("message", (message: FromWorker) => this.#hear(message));
    worker.on("error", (error) => this.#break(error));
  }

  append(event: RunEvent, options: { urgent?: boolean; idempotency?: Idempotency } = {}): Promise<void> {
    if (this.#closed) return Promise.reject(this.#closed);
    let live = this.#live.get(event.run);
    if (!live) {
      live = event.type === "run-start" ? fresh() : this.#load(event.run);
      this.#live.set(event.run, live);
    }
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
    live.lines.push(this.#redact ? this.#redact(text) : text);
    if (event.type === "run-start")
      live.insert = [...cells(state.row), options.idempotency?.id ?? null, options.idempotency?.bodyHash ?? null];
    else if (changed) live.update = true;
    if (TERMINAL.has(event.type)) live.ended = true;

    this.#open ??= newBatch();
    if (!live.queued) {
      live.queued = true;
      this.#open.lives.push(live);
    }
    const { promise } = this.#open;
    const started = live;
    if (options.urgent || this.#watchers.has(event.run)) this.#flushNow();
    else this.#timer ??= setTimeout(() => this.#flush(), HOLD_MS);
    // The rest of the batch can be stored although this run's part was not.
    return options.urgent || options.idempotency
      ? promise.then(() => started.failed && Promise.reject(started.failed))
      : promise;
  }

  async read(run: string, after: number, limit = 1000): Promise<RunEvent[]> {
    const events: RunEvent[] = [];
    try {
      for (const row of this.#selectChunks.iterate(run, after)) {
        const { first, body } = row as { first: number; body: string };
        const lines = body.split("\n");
        for (let i = Math.max(0, after + 1 - first); i < lines.length; i++) {
          events.push(JSON.parse(lines[i]!) as RunEvent);
          if (events.length >= limit) return events;
        }
      }
    } catch (error) {
      throw storageError(error);
    }
    return events;
  }

  last(run: string): number {
    const live = this.#live.get(run);
    if (live) return live.stored;
    return (this.#selectLast.get(run) as number | null) ?? -1;
  }

  watch(run: string, listener: () => void): () => void {
    let listeners = this.#watchers.get(run);
    if (!listeners) {
      listeners = new Set();
      this.#watchers.set(run, listeners);
    }
    listeners.add(listener);
    // Somebody looks: what was held back comes at once.
    if (this.#live.get(run)?.queued) this.#flushNow();
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#watchers.get(run) === listeners) this.#watchers.delete(run);
    };
  }

  async row(run: string): Promise<RunRow | undefined> {
    const row = this.#query(() => this.#selectRow.get(run) as DbRow | undefined);
    return row && toRow(row);
  }

  async rows(filter: RunFilter): Promise<RunRow[]> {
    const where: string[] = [];
    const values: Cell[] = [];
    const add = (condition: string, value: Cell) => {
      where.push(condition);
      values.push(value);
    };
    if (filter.agent !== undefined) add("agent = ?", filter.agent);
    if (filter.status !== undefined) add("status = ?", filter.status);
    if (filter.session !== undefined) add("session = ?", filter.session);
    if (filter.key !== undefined) add("key = ?", filter.key);
    if (filter.user !== undefined) add("user = ?", filter.user);
    if (filter.from !== undefined) add("started_at >= ?", filter.from);
    if (filter.to !== undefined) add("started_at < ?", filter.to);
    if (filter.after !== undefined) add("id < ?", filter.after);
    if (filter.text !== undefined && filter.text !== "")
      add("message LIKE ? ESCAPE '\\'", `%${filter.text.replaceAll(/[\\%_]/g, (char) => `\\${char}`)}%`);
    const sql = `SELECT * FROM runs ${where.length ? `WHERE ${where.join(" AND ")}` : ""} ORDER BY id DESC LIMIT ?`;
    const rows = this.#query(() => this.#db.prepare(sql).all(...values, filter.limit ?? 50) as DbRow[]);
    return rows.map(toRow);
  }

  async unfinished(): Promise<RunRow[]> {
    const rows = this.#query(
      () => this.#db.prepare("SELECT * FROM runs WHERE ended_at IS NULL ORDER BY id").all() as DbRow[],
    );
    return rows.map(toRow);
  }

  async sessionRuns(session: string, options: { agent?: string; key?: string } = {}): Promise<RunRow[]> {
    const where = ["session = ?", "fork IS NULL"];
    const values: Cell[] = [session];
    if (options.agent !== undefined) {
      where.push("agent = ?");
      values.push(options.agent);
    }
    if (options.key !== undefined) {
      where.push("coalesce(key, '') = ?");
      values.push(options.key);
    }
    const sql = `SELECT * FROM runs WHERE ${where.join(" AND ")} ORDER BY id`;
    return this.#query(() => this.#db.prepare(sql).all(...values) as DbRow[]).map(toRow);
  }

  async sessions(filter: Parameters<EventLog["sessions"]>[0]): Promise<SessionRow[]> {
    const where = ["session IS NOT NULL", "fork IS NULL"];
    const values: Cell[] = [];
    for (const name of ["agent", "user"] as const) {
      const value = filter[name];
      if (value === undefined) continue;
      where.push(`${name} = ?`);
      values.push(value);
    }
    if (filter.key !== undefined) {
      where.push("coalesce(key, '') = ?");
      values.push(filter.key);
    }
    let having = "";
    if (filter.after !== undefined) {
      having = "HAVING max(id) < (SELECT max(id) FROM runs WHERE session = ? AND fork IS NULL)";
      values.push(filter.after);
    }
    const sql = `
      SELECT runs.session AS id, agent, runs.key, user, name, message AS title, turns, begun AS startedAt, spoken AS updatedAt
      FROM runs JOIN (
        SELECT min(id) AS first, max(id) AS last, count(*) AS turns, min(started_at) AS begun, max(started_at) AS spoken
        FROM runs WHERE ${where.join(" AND ")} GROUP BY session, key ${having}
      ) ON runs.id = first
      ORDER BY last DESC LIMIT ?`;
    const rows = this.#query(() => this.#db.prepare(sql).all(...values, filter.limit ?? 50) as SessionRow[]);
    return rows.map(({ agent, key, user, ...row }) => ({
      ...row,
      ...(agent !== null && { agent }),
      ...(key !== null && { key }),
      ...(user !== null && { user }),
    }));
  }

  async findIdempotent(key: string, id: string): Promise<{ run: string; bodyHash: string } | undefined> {
    const sql = "SELECT id AS run, body_hash AS bodyHash FROM runs WHERE coalesce(key, '') = ? AND idempotency_id = ?";
    return this.#query(() => this.#db.prepare(sql).get(key, id) as { run: string; bodyHash: string } | undefined);
  }

  async rate(run: string, rating: { score: number; comment?: string }): Promise<boolean> {
    return (await this.#call({ op: "rate", run, rating: JSON.stringify(rating) })) > 0;
  }

  async delete(run: string): Promise<boolean> {
    const row = await this.row(run);
    if (!row) return false;
    if (row.endedAt === undefined)
      throw new PatchbayError("conflict", `Run ${run} has not ended; cancel it before you delete it.`);
    return (await this.#call({ op: "delete", runs: [run] })) > 0;
  }

  async deleteBefore(time: number): Promise<number> {
    const select = this.#db
      .prepare("SELECT id FROM runs WHERE ended_at IS NOT NULL AND started_at < ? ORDER BY id LIMIT ?")
      .pluck();
    for (let deleted = 0; ; ) {
      const runs = this.#query(() => select.all(time, DELETE_BATCH) as string[]);
      if (runs.length > 0) deleted += await this.#call({ op: "delete", runs });
      if (runs.length < DELETE_BATCH) return deleted;
    }
  }

  async recover(run: string): Promise<number> {
    const stored = this.#query(() => (this.#selectLast.get(run) as number | null) ?? -1);
    // Only a write shows whether writing works again: the row is put as it is.
    const row = await this.row(run);
    if (row) await this.#call({ op: "rate", run, rating: JSON.stringify(row.rating ?? null) });
    this.#live.delete(run);
    return stored;
  }

  /** The file has one process: whatever has not ended is its own. */
  async claim(run: string): Promise<boolean> {
    const row = await this.row(run);
    return row !== undefined && row.endedAt === undefined;
  }

  async release(run: string): Promise<void> {
    const live = this.#live.get(run);
    if (live && !live.queued && live.stored === live.appended) this.#live.delete(run);
  }

  async owner(_run: string): Promise<undefined> {}

  saveGraph(hash: string, graph: Graph): void {
    if (this.#graphs.has(hash)) return;
    if (this.#graphs.size >= MAX_KNOWN_GRAPHS) this.#graphs.clear();
    this.#graphs.add(hash);
    const body = JSON.stringify(graph);
    this.#newGraphs.set(hash, body);
    this.#open ??= newBatch();
    this.#open.graphs.push([hash, body]);
    this.#timer ??= setTimeout(() => this.#flush(), HOLD_MS);
  }

  async graph(hash: string): Promise<Graph | undefined> {
    const pending = this.#newGraphs.get(hash);
    if (pending !== undefined) return JSON.parse(pending) as Graph;
    const body = this.#query(
      () => this.#db.prepare("SELECT body FROM graphs WHERE hash = ?").pluck().get(hash) as string | undefined,
    );
    return body === undefined ? undefined : (JSON.parse(body) as Graph);
  }

  async usage(filter: { from: number; to: number; agent?: string }): Promise<UsageRow[]> {
    const sql = `
      SELECT date(started_at / 1000, 'unixepoch') AS day, agent, max(name) AS name, count(*) AS runs,
        sum(status = 'failed') AS failed, sum(input_tokens) AS inputTokens, sum(output_tokens) AS outputTokens,
        sum(cost_usd) AS costUsd, sum(steps) AS steps, sum(tool_calls) AS toolCalls
      FROM runs WHERE started_at >= ? AND started_at < ? ${filter.agent === undefined ? "" : "AND agent = ?"}
      GROUP BY day, agent ORDER BY day, agent`;
    const values: Cell[] = [filter.from, filter.to, ...(filter.agent === undefined ? [] : [filter.agent])];
    const rows = this.#query(() => this.#db.prepare(sql).all(...values) as UsageRow[]);
    return rows.map(({ agent, costUsd, ...row }) => ({
      ...row,
      ...(agent !== null && { agent }),
      ...(costUsd !== null && { costUsd }),
    }));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = new PatchbayError("unavailable", "The server is stopping.");
    for (this.#flush(); this.#sent.size > 0 || this.#open; this.#flush())
      await Promise.allSettled([...this.#sent.values()].map((batch) => batch.promise));
    // The writer is the last to close: only then SQLite folds the journal into the file.
    this.#db.close();
    await this.#call({ op: "close" });
    await this.#worker.terminate();
  }

  /** A run that this process did not begin. */
  #load(run: string): Live {
    const row = this.#query(() => this.#selectRow.get(run) as DbRow | undefined);
    const stored = (this.#selectLast.get(run) as number | null) ?? -1;
    const live = fresh();
    live.appended = stored;
    live.stored = stored;
    if (!row) return live;
    // Usage and open waits are folded anew: a row is written only when its status changes.
    for (const found of this.#selectChunks.iterate(run, -1))
      for (const line of (found as { body: string }).body.split("\n"))
        live.state = indexEvent(live.state, JSON.parse(line) as RunEvent).state;
    live.ended = row.ended_at !== null;
    return live;
  }

  /** Sends the batch at the end of this turn of the event loop, so that what comes together goes together. */
  #flushNow(): void {
    if (this.#flushSoon) return;
    this.#flushSoon = true;
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    this.#flushSoon = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#open;
    if (!batch) return;
    if (this.#sent.size >= MAX_SENT) {
      this.#overdue = true;
      return;
    }
    this.#overdue = false;
    this.#open = undefined;
    const items: Item[] = [];
    // A run that failed since it was queued has nothing more to store.
    const lives = batch.lives.filter((live) => live.lines.length > 0);
    for (const live of lives) {
      const { row } = live.state!;
      const item: Item = {
        run: row.id,
        first: live.appended - live.lines.length + 1,
        last: live.appended,
        body: live.lines.length === 1 ? live.lines[0]! : live.lines.join("\n"),
      };
      // A run that began and ended since is written once, as it ended.
      if (live.insert)
        item.insert = live.update ? [...cells(row), ...live.insert.slice(ROW_COLUMNS.length)] : live.insert;
      else if (live.update) item.update = changes(row);
      items.push(item);
      batch.lasts.push(live.appended);
      live.lines = [];
      live.insert = undefined;
      live.update = false;
    }
    for (const live of batch.lives) live.queued = false;
    batch.lives = lives;
    const number = this.#next++;
    this.#sent.set(number, batch);
    // A batch that failed says so to each append; where nobody asked, nobody needs to hear.
    batch.promise.catch(() => {});
    const message: ToWorker = { batch: number, items };
    if (batch.graphs.length > 0) message.graphs = batch.graphs;
    this.#worker.postMessage(message);
  }

  #hear(message: FromWorker): void {
    if ("batch" in message) {
      const batch = this.#sent.get(message.batch)!;
      this.#sent.delete(message.batch);
      const failed = new Map(message.failed?.map((one) => [one.place, storageError(one.error)]));
      const error = message.error && storageError(message.error);
      for (let place = 0; place < batch.lives.length; place++) {
        const failure = error ?? failed.get(place);
        if (failure) this.#fail(batch.lives[place]!, failure);
        else this.#stored(batch.lives[place]!, batch.lasts[place]!);
      }
      if (error) {
        for (const graph of batch.graphs) this.#saveAgain(graph);
        batch.reject(error);
      } else {
        for (const [hash] of batch.graphs) this.#newGraphs.delete(hash);
        batch.resolve();
      }
      if (this.#overdue) this.#flush();
    } else if ("call" in message) {
      const call = this.#calls.get(message.call);
      this.#calls.delete(message.call);
      if (message.error) call?.reject(storageError(message.error));
      else call?.resolve(message.result ?? 0);
    }
  }

  #stored(live: Live, last: number): void {
    const run = live.state!.row.id;
    live.stored = last;
    if (live.ended && last === live.appended && this.#live.get(run) === live) this.#live.delete(run);
    const listeners = this.#watchers.get(run);
    if (listeners) for (const listener of [...listeners]) listener();
  }

  /** What was appended since can be stored no more either: it would leave a gap. */
  #fail(live: Live, error: PatchbayError): void {
    live.failed ??= error;
    live.lines = [];
    live.insert = undefined;
    live.update = false;
  }

  /** A graph that could not be stored goes with the next batch. */
  #saveAgain(graph: [string, string]): void {
    if (this.#closed) return;
    this.#open ??= newBatch();
    this.#open.graphs.push(graph);
  }

  /** The worker itself died: nothing can be stored any more. */
  #break(error: unknown): void {
    this.#closed = new PatchbayError("unavailable", "The thread that writes runs.db died; restart the server.", {
      cause: error,
    });
    for (const batch of this.#sent.values()) batch.reject(this.#closed);
    for (const call of this.#calls.values()) call.reject(this.#closed);
  }

  #call(
    message: { op: "rate"; run: string; rating: string } | { op: "delete"; runs: string[] } | { op: "close" },
  ): Promise<number> {
    if (this.#closed && message.op !== "close") return Promise.reject(this.#closed);
    const number = this.#next++;
    return new Promise((resolve, reject) => {
      this.#calls.set(number, { resolve, reject });
      this.#worker.postMessage({ call: number, ...message } satisfies ToWorker);
    });
  }

  #query<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw storageError(error);
    }
  }
}

function fresh(): Live {
  return { state: undefined, appended: -1, stored: -1, lines: [], update: false, queued: false, ended: false };
}

function newBatch(): Batch {
  return { lives: [], lasts: [], graphs: [], ...Promise.withResolvers<void>() };
}

/** A row as it is stored, in the shape of the table. */
interface DbRow {
  id: string;
  status: RunRow["status"];
  agent: string | null;
  slug: string | null;
  version: number | null;
  name: string;
  graph: string;
  session: string | null;
  user: string | null;
  key: string | null;
  fork: string | null;
  message: string;
  input_tokens: number;
  output_tokens: number;
  cost_usd: number | null;
  steps: number;
  tool_calls: number;
  started_at: number;
  ended_at: number | null;
  error: string | null;
  rating: string | null;
}

function toRow(row: DbRow): RunRow {
  const rating = row.rating === null ? null : (JSON.parse(row.rating) as RunRow["rating"] | null);
  return {
    id: row.id,
    status: row.status,
    ...(row.agent !== null && { agent: row.agent }),
    ...(row.slug !== null && { slug: row.slug }),
    ...(row.version !== null && { version: row.version }),
    name: row.name,
    graph: row.graph,
    ...(row.session !== null && { session: row.session }),
    ...(row.user !== null && { user: row.user }),
    ...(row.key !== null && { key: row.key }),
    ...(row.fork !== null && { fork: row.fork }),
    message: row.message,
    usage: {
      inputTokens: row.input_tokens,
      outputTokens: row.output_tokens,
      ...(row.cost_usd !== null && { costUsd: row.cost_usd }),
      steps: row.steps,
      toolCalls: row.tool_calls,
    },
    startedAt: row.started_at,
    ...(row.ended_at !== null && { endedAt: row.ended_at }),
    ...(row.error !== null && { error: row.error }),
    ...(rating && { rating }),
  };
}

/** In the order of `ROW_COLUMNS`. */
function cells(row: RunRow): Cell[] {
  const { usage } = row;
  return [
    row.id,
    row.status,
    row.agent ?? null,
    row.slug ?? null,
    row.version ?? null,
    row.name,
    row.graph,
    row.session ?? null,
    row.user ?? null,
    row.key ?? null,
    row.fork ?? null,
    row.message,
    usage.inputTokens,
    usage.outputTokens,
    usage.costUsd ?? null,
    usage.steps,
    usage.toolCalls,
    row.startedAt,
    row.endedAt ?? null,
    row.error ?? null,
  ];
}

/** In the order of `CHANGING_COLUMNS`, then the id. */
function changes(row: RunRow): Cell[] {
  const { usage } = row;
  return [
    row.status,
    usage.inputTokens,
    usage.outputTokens,
    usage.costUsd ?? null,
    usage.steps,
    usage.toolCalls,
    row.endedAt ?? null,
    row.error ?? null,
    row.id,
  ];
}

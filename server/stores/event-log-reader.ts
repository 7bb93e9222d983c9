/** What is read of runs.db: pages of events, rows of lists, sums. Over a connection that only reads. */
import type Database from "better-sqlite3";
import type { RunEvent } from "../../runtime/event.ts";
import type { Graph } from "../../runtime/graph.ts";
import type { EventLog, RunFilter, RunRow, SessionRow } from "../services.ts";
import { storageError } from "./database.ts";
import type { Cell } from "./event-log-schema.ts";
import { type DbRow, toRow } from "./run-cells.ts";

const RATED = {
  good: "rating ->> 'score' > 0",
  bad: "rating ->> 'score' < 0",
  commented: "rating ->> 'comment' <> ''",
};

const OVERDUE = "SELECT id FROM runs WHERE wakes_at <= ? AND ended_at IS NULL ORDER BY wakes_at";
const UNPARKED = "SELECT id FROM runs WHERE ended_at IS NULL AND parked = 0 ORDER BY id";

/** Each method is as in `EventLog`. */
export class EventLogReader {
  readonly #db: Database.Database;
  readonly #selectChunks: Database.Statement;
  readonly #selectLast: Database.Statement;
  readonly #selectRow: Database.Statement;
  readonly #selectGraph: Database.Statement;

  constructor(db: Database.Database) {
    this.#db = db;
    this.#selectChunks = db.prepare("SELECT first, last, body FROM chunks WHERE run = ? AND last > ? ORDER BY last");
    this.#selectLast = db.prepare("SELECT max(last) FROM chunks WHERE run = ?").pluck();
    this.#selectRow = db.prepare("SELECT * FROM runs WHERE id = ?");
    this.#selectGraph = db.prepare("SELECT body FROM graphs WHERE hash = ?").pluck();
  }

  read(run: string, after: number, limit = 1000): RunEvent[] {
    return query(() => {
      const events: RunEvent[] = [];
      for (const row of this.#selectChunks.iterate(run, after)) {
        const { first, body } = row as { first: number; body: string };
        const lines = body.split("\n");
        for (let i = Math.max(0, after + 1 - first); i < lines.length; i++) {
          events.push(JSON.parse(lines[i]!) as RunEvent);
          if (events.length >= limit) return events;
        }
      }
      return events;
    });
  }

  last(run: string): number {
    return query(() => (this.#selectLast.get(run) as number | null) ?? -1);
  }

  row(run: string): RunRow | undefined {
    const row = query(() => this.#selectRow.get(run) as DbRow | undefined);
    return row && toRow(row);
  }

  rows(filter: RunFilter): RunRow[] {
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
    if (filter.rating !== undefined) where.push(RATED[filter.rating]);
    const sql = `SELECT * FROM runs ${where.length ? `WHERE ${where.join(" AND ")}` : ""} ORDER BY id DESC LIMIT ?`;
    const rows = query(() => this.#db.prepare(sql).all(...values, filter.limit ?? 50) as DbRow[]);
    return rows.map(toRow);
  }

  /** As `EventLog.due`; `isHere`: runs that this process has. */
  due(now: number, limit: number, isHere: (run: string) => boolean): string[] {
    return query(() => {
      const runs: string[] = [];
      const statements = [this.#db.prepare(OVERDUE).pluck().iterate(now), this.#db.prepare(UNPARKED).pluck().iterate()];
      for (const found of statements)
        for (const run of found as Iterable<string>) {
          if (isHere(run)) continue;
          runs.push(run);
          if (runs.length >= limit) return runs;
        }
      return runs;
    });
  }

  openRuns(): Record<string, number> {
    const sql = "SELECT status, count(*) AS runs FROM runs WHERE ended_at IS NULL GROUP BY status";
    const rows = query(() => this.#db.prepare(sql).all() as { status: string; runs: number }[]);
    return Object.fromEntries(rows.map(({ status, runs }) => [status, runs]));
  }

  sessionRuns(session: string, options: { agent?: string; key?: string } = {}): RunRow[] {
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
    return query(() => this.#db.prepare(sql).all(...values) as DbRow[]).map(toRow);
  }

  sessions(filter: Parameters<EventLog["sessions"]>[0]): SessionRow[] {
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
    const rows = query(() => this.#db.prepare(sql).all(...values, filter.limit ?? 50) as SessionRow[]);
    return rows.map(({ agent, key, user, ...row }) => ({
      ...row,
      ...(agent !== null && { agent }),
      ...(key !== null && { key }),
      ...(user !== null && { user }),
    }));
  }

  findIdempotent(key: string, id: string): { run: string; bodyHash: string } | undefined {
    const sql = "SELECT id AS run, body_hash AS bodyHash FROM runs WHERE coalesce(key, '') = ? AND idempotency_id = ?";
    return query(() => this.#db.prepare(sql).get(key, id) as { run: string; bodyHash: string } | undefined);
  }

  /** Ids of ended runs that started before, oldest first. */
  endedBefore(time: number, limit: number): string[] {
    const sql = "SELECT id FROM runs WHERE ended_at IS NOT NULL AND started_at < ? ORDER BY id LIMIT ?";
    return query(() => this.#db.prepare(sql).pluck().all(time, limit) as string[]);
  }

  graph(hash: string): Graph | undefined {
    const body = query(() => this.#selectGraph.get(hash) as string | undefined);
    return body === undefined ? undefined : (JSON.parse(body) as Graph);
  }

  close(): void {
    this.#db.close();
  }
}

function query<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw storageError(error);
  }
}

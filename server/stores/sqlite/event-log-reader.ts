/** Queries of runs.db in this thread: only those that an index answers quickly, for any number of runs. */
import type Database from "better-sqlite3";
import type { RunEvent } from "../../../runtime/event.ts";
import type { Graph } from "../../../runtime/graph.ts";
import type { RunRow } from "../../contract/run.ts";
import { type Chunk, eventsIn } from "../chunks.ts";
import { sessionRunsQuery } from "../list-queries.ts";
import { type DbRow, toRow } from "../run-cells.ts";
import { storageError } from "./database.ts";

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
    return query(() => eventsIn(this.#selectChunks.iterate(run, after) as Iterable<Chunk>, after, limit));
  }

  last(run: string): number {
    return query(() => (this.#selectLast.get(run) as number | null) ?? -1);
  }

  row(run: string): RunRow | undefined {
    const row = query(() => this.#selectRow.get(run) as DbRow | undefined);
    return row && toRow(row);
  }

  /** As `EventLog.due`; `isHere`: whether the run is live in this process. */
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
    const { text, values } = sessionRunsQuery("sqlite", session, options);
    return query(() => this.#db.prepare(text).all(...values) as DbRow[]).map(toRow);
  }

  findIdempotent(key: string, id: string): { run: string; bodyHash: string } | undefined {
    const sql = "SELECT id AS run, body_hash AS bodyHash FROM runs WHERE coalesce(key, '') = ? AND idempotency_id = ?";
    return query(() => this.#db.prepare(sql).get(key, id) as { run: string; bodyHash: string } | undefined);
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

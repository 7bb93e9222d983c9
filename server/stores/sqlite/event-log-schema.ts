/** The tables of runs.db, and the messages between its threads. */
import type { Chunk } from "../chunks.ts";
import type { Cell } from "../run-cells.ts";

export const SQLITE_EVENT_LOG = [
  `CREATE TABLE chunks (
     run TEXT NOT NULL,
     first INTEGER NOT NULL,
     last INTEGER NOT NULL,
     body TEXT NOT NULL
   ) STRICT;
   CREATE UNIQUE INDEX chunks_by_run ON chunks (run, last);
   CREATE TABLE runs (
     id TEXT NOT NULL PRIMARY KEY,
     status TEXT NOT NULL,
     agent TEXT,
     slug TEXT,
     version INTEGER,
     name TEXT NOT NULL,
     graph TEXT NOT NULL,
     session TEXT,
     user TEXT,
     key TEXT,
     fork TEXT,
     message TEXT NOT NULL,
     input_tokens INTEGER NOT NULL,
     output_tokens INTEGER NOT NULL,
     cost_usd REAL,
     steps INTEGER NOT NULL,
     tool_calls INTEGER NOT NULL,
     started_at INTEGER NOT NULL,
     ended_at INTEGER,
     error TEXT,
     rating TEXT,
     idempotency_id TEXT,
     body_hash TEXT
   ) STRICT;
   CREATE INDEX runs_by_agent ON runs (agent, id) WHERE agent IS NOT NULL;
   CREATE INDEX runs_by_session ON runs (session, id) WHERE session IS NOT NULL;
   CREATE INDEX runs_open ON runs (id) WHERE ended_at IS NULL;
   CREATE UNIQUE INDEX runs_idempotent ON runs (coalesce(key, ''), idempotency_id) WHERE idempotency_id IS NOT NULL;
   CREATE TABLE graphs (
     hash TEXT NOT NULL PRIMARY KEY,
     body TEXT NOT NULL
   ) STRICT;`,
  // Runs that only wait for people, and when the first of their waits expires.
  `ALTER TABLE runs ADD COLUMN parked INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE runs ADD COLUMN wakes_at INTEGER;
   DROP INDEX runs_open;
   CREATE INDEX runs_open ON runs (parked, id, status) WHERE ended_at IS NULL;
   CREATE INDEX runs_wake ON runs (wakes_at) WHERE wakes_at IS NOT NULL;`,
  // For runs that ended before this column existed, the time in which they waited for people is unknown: all of it counts.
  `ALTER TABLE runs ADD COLUMN active_ms INTEGER;
   UPDATE runs SET active_ms = ended_at - started_at WHERE ended_at IS NOT NULL;
   CREATE INDEX runs_by_start ON runs (started_at);`,
];

/** What one transaction writes for one run. */
export interface Item extends Chunk {
  /** For a run that begins: all of `ROW_COLUMNS`, then the idempotency id and the body hash. */
  insert?: Cell[];
  /** `CHANGING_COLUMNS`, then the id. */
  update?: Cell[];
  /** The run was resumed: it is no longer parked. */
  unpark?: true;
}

export type ToWorker =
  | { batch: number; items: Item[]; graphs?: [hash: string, body: string][] }
  | { call: number; op: "rate"; run: string; rating: string }
  | { call: number; op: "park"; run: string; wakesAt: number | null }
  | { call: number; op: "delete"; runs: string[] }
  /** Releases some free pages. The result is the number of those that are left. */
  | { call: number; op: "shrink" }
  | { call: number; op: "close" };

/** An error in a form that can be sent between threads. */
export interface Failure {
  code: string;
  message: string;
}

export type FromWorker =
  | { ready: true }
  | { broken: Failure }
  /** `failed`: indexes of items that could not be stored although others were. */
  | { batch: number; error?: Failure; failed?: { index: number; error: Failure }[] }
  | { call: number; result?: number; error?: Failure };

export function failureOf(error: unknown): Failure {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return { code: String(code ?? ""), message: String(message ?? error) };
}

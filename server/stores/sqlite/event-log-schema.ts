/** The tables of runs.db. Events lie in chunks: what was written together of one run is one row, a line of JSON each. */
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
  // Runs that wait for people alone, and when the first of their waits is over.
  `ALTER TABLE runs ADD COLUMN parked INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE runs ADD COLUMN wakes_at INTEGER;
   DROP INDEX runs_open;
   CREATE INDEX runs_open ON runs (parked, id, status) WHERE ended_at IS NULL;
   CREATE INDEX runs_wake ON runs (wakes_at) WHERE wakes_at IS NOT NULL;`,
  // Of runs that ended before the column was there it is not known what they waited for people: all of it counts.
  `ALTER TABLE runs ADD COLUMN active_ms INTEGER;
   UPDATE runs SET active_ms = ended_at - started_at WHERE ended_at IS NOT NULL;
   CREATE INDEX runs_by_start ON runs (started_at);`,
];

/** Columns of `runs` in the order in which rows cross to the worker. */
export const ROW_COLUMNS = [
  "id",
  "status",
  "agent",
  "slug",
  "version",
  "name",
  "graph",
  "session",
  "user",
  "key",
  "fork",
  "message",
  "input_tokens",
  "output_tokens",
  "cost_usd",
  "steps",
  "tool_calls",
  "started_at",
  "ended_at",
  "active_ms",
  "error",
] as const;

/** Columns that change after a run began. */
export const CHANGING_COLUMNS = [
  "status",
  "input_tokens",
  "output_tokens",
  "cost_usd",
  "steps",
  "tool_calls",
  "ended_at",
  "active_ms",
  "error",
] as const;

export type Cell = string | number | null;

/** What is written of one run in one transaction. */
export interface Item {
  run: string;
  first: number;
  last: number;
  /** One event a line. */
  body: string;
  /** All of `ROW_COLUMNS`, with the idempotency id and body hash behind them, for a run that begins. */
  insert?: Cell[];
  /** `CHANGING_COLUMNS`, then the id. */
  update?: Cell[];
  /** The run was taken up again: it is parked no more. */
  unpark?: true;
}

export type ToWorker =
  | { batch: number; items: Item[]; graphs?: [hash: string, body: string][] }
  | { call: number; op: "rate"; run: string; rating: string }
  | { call: number; op: "park"; run: string; wakesAt: number | null }
  | { call: number; op: "delete"; runs: string[] }
  | { call: number; op: "close" };

export interface Failure {
  code: string;
  message: string;
}

export type FromWorker =
  | { ready: true }
  | { broken: Failure }
  /** `failed`: places in the batch that could not be stored although others were. */
  | { batch: number; error?: Failure; failed?: { place: number; error: Failure }[] }
  | { call: number; result?: number; error?: Failure };

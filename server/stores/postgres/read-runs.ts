/** The queries of the event log on PostgreSQL. */
import type pg from "pg";
import type { RunEvent } from "../../../runtime/event.ts";
import type { Graph } from "../../../runtime/graph.ts";
import type { RunFilter, RunRow, SessionRow, UsageRow } from "../../contract/run.ts";
import { eventsIn } from "../chunks.ts";
import type { EventLog, UsageFilter } from "../event-log.ts";
import {
  type DbSessionRow,
  type Query,
  runsQuery,
  sessionRunsQuery,
  sessionsQuery,
  toSessionRow,
} from "../list-queries.ts";
import { type DbRow, toRow } from "../run-cells.ts";
import { type DbUsageRow, toUsageRow, usageQuery } from "../usage-query.ts";
import { postgresError } from "./errors.ts";
import { retryTransient } from "./retry.ts";
import { toStorableText } from "./write-batch.ts";

type Value = string | number | string[];

/** The methods of `EventLog` that only read. They are retried after transient errors. */
export abstract class RunQueries {
  protected readonly pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.pool = pool;
  }

  async read(run: string, after: number, limit = 1000): Promise<RunEvent[]> {
    // Events are numbered without gaps, so their numbers bound the chunks that a page needs.
    const rows = await this.#all<{ first: number; body: string }>(
      "SELECT first, body FROM patchbay.chunks WHERE run = $1 AND last > $2 AND first <= $2 + $3 ORDER BY last LIMIT $3",
      [run, after, Math.min(limit, 1_000_000)],
    );
    return eventsIn(rows, after, limit);
  }

  /** `seq` of the last event of each run that has any. */
  async lasts(runs: string[]): Promise<Map<string, number>> {
    // One index look-up per run; `max` would scan the log of each run.
    const rows = await this.#all<{ run: string; last: number }>(
      `SELECT t.run, c.last FROM unnest($1::text[]) AS t(run)
       CROSS JOIN LATERAL (SELECT last FROM patchbay.chunks WHERE run = t.run ORDER BY last DESC LIMIT 1) AS c`,
      [runs],
    );
    return new Map(rows.map((row) => [row.run, row.last]));
  }

  async row(run: string): Promise<RunRow | undefined> {
    const [row] = await this.#all<DbRow>("SELECT * FROM patchbay.runs WHERE id = $1", [run]);
    return row && toRow(row);
  }

  async rows(filter: RunFilter): Promise<RunRow[]> {
    return (await this.#list<DbRow>(runsQuery("postgres", filter))).map(toRow);
  }

  async openRuns(): Promise<Record<string, number>> {
    const rows = await this.#all<{ status: string; runs: string }>(
      `SELECT CASE WHEN status = 'running' AND owner IS NULL THEN 'queued' ELSE status END AS status, count(*) AS runs
       FROM patchbay.runs WHERE ended_at IS NULL GROUP BY 1`,
      [],
    );
    return Object.fromEntries(rows.map(({ status, runs }) => [status, Number(runs)]));
  }

  /**
   * As `EventLog.due`: runs whose process is dead, whose wait expired, or whose job was lost (a worker took it and died
   * before it claimed the run).
   */
  async due(now: number, limit: number): Promise<string[]> {
    const rows = await this.#all<{ id: string }>(
      `SELECT id FROM patchbay.runs AS r
       WHERE ended_at IS NULL AND NOT parked AND owner IS NOT NULL
         AND NOT EXISTS (SELECT FROM patchbay.members AS m WHERE m.id = r.owner)
       UNION SELECT id FROM patchbay.runs WHERE wakes_at <= $2 AND owner IS NULL AND ended_at IS NULL
       UNION SELECT id FROM patchbay.runs AS r
       WHERE ended_at IS NULL AND NOT parked AND owner IS NULL AND NOT EXISTS (
         SELECT FROM graphile_worker.jobs AS j
         WHERE j.key = r.id AND (j.locked_at IS NULL OR j.locked_at > now() - interval '3 seconds'))
       ORDER BY id LIMIT $1`,
      [limit, now],
    );
    return rows.map((row) => row.id);
  }

  async liveRuns(key: string): Promise<number> {
    const [row] = await this.#all<{ live: number }>(
      "SELECT count(*) AS live FROM patchbay.runs WHERE ended_at IS NULL AND NOT parked AND key = $1",
      [key],
    );
    return row?.live ?? 0;
  }

  async sessions(filter: Parameters<EventLog["sessions"]>[0]): Promise<SessionRow[]> {
    return (await this.#list<DbSessionRow>(sessionsQuery("postgres", filter))).map(toSessionRow);
  }

  async sessionRuns(session: string, filter: { agent?: string; key?: string } = {}): Promise<RunRow[]> {
    return (await this.#list<DbRow>(sessionRunsQuery("postgres", session, filter))).map(toRow);
  }

  async findIdempotent(key: string, id: string): Promise<{ run: string; bodyHash: string } | undefined> {
    const [found] = await this.#all<{ run: string; bodyHash: string }>(
      `SELECT id AS run, body_hash AS "bodyHash" FROM patchbay.runs WHERE coalesce(key, '') = $1 AND idempotency_id = $2`,
      [key, toStorableText(id)],
    );
    return found;
  }

  async graph(hash: string): Promise<Graph | undefined> {
    const [row] = await this.#all<{ body: string }>("SELECT body FROM patchbay.graphs WHERE hash = $1", [
      toStorableText(hash),
    ]);
    return row && (JSON.parse(row.body) as Graph);
  }

  async usage(filter: UsageFilter): Promise<UsageRow[]> {
    return (await this.#list<DbUsageRow>(usageQuery("postgres", filter))).map(toUsageRow);
  }

  async endedBefore(time: number, limit: number): Promise<string[]> {
    const rows = await this.#all<{ id: string }>(
      "SELECT id FROM patchbay.runs WHERE ended_at IS NOT NULL AND started_at < $1 ORDER BY id LIMIT $2",
      [time, limit],
    );
    return rows.map((row) => row.id);
  }

  #list<T>({ text, values }: Query): Promise<T[]> {
    return this.#all(
      text,
      values.map((value) => (typeof value === "string" ? toStorableText(value) : value)),
    );
  }

  async #all<T>(text: string, values: Value[]): Promise<T[]> {
    try {
      return await retryTransient(async () => (await this.pool.query(text, values)).rows as T[]);
    } catch (error) {
      throw postgresError(error);
    }
  }
}

/** The table `runs`, on SQLite and PostgreSQL: its columns, and a run's row as cells. */
import type { RunRow } from "../contract/run.ts";

/** Columns in the order of `insertValues`. */
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

/** A row as it is read from the table. */
export type DbRow = ReturnType<typeof toCells> & { rating: string | null };

export function toRow(row: DbRow): RunRow {
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
    ...(row.active_ms !== null && { activeMs: row.active_ms }),
    ...(row.error !== null && { error: row.error }),
    ...(rating && { rating }),
  };
}

/** The cells that this process writes, by column. */
export function toCells(row: RunRow) {
  const { usage } = row;
  return {
    id: row.id,
    status: row.status,
    agent: row.agent ?? null,
    slug: row.slug ?? null,
    version: row.version ?? null,
    name: row.name,
    graph: row.graph,
    session: row.session ?? null,
    user: row.user ?? null,
    key: row.key ?? null,
    fork: row.fork ?? null,
    message: row.message,
    input_tokens: usage.inputTokens,
    output_tokens: usage.outputTokens,
    cost_usd: usage.costUsd ?? null,
    steps: usage.steps,
    tool_calls: usage.toolCalls,
    started_at: row.startedAt,
    ended_at: row.endedAt ?? null,
    active_ms: row.activeMs ?? null,
    error: row.error ?? null,
  } satisfies Record<(typeof ROW_COLUMNS)[number], Cell>;
}

/** In the order of `ROW_COLUMNS`. */
export function insertValues(row: RunRow): Cell[] {
  const cells = toCells(row);
  return ROW_COLUMNS.map((column) => cells[column]);
}

/** In the order of `CHANGING_COLUMNS`, then the id. */
export function updateValues(row: RunRow): Cell[] {
  const cells = toCells(row);
  return [...CHANGING_COLUMNS.map((column) => cells[column]), row.id];
}

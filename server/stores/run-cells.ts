/** Rows of `runs` as they go into the table and come back from it, on SQLite and on PostgreSQL alike. */
import type { RunRow } from "../contract/run.ts";
import { type Cell, CHANGING_COLUMNS, ROW_COLUMNS } from "./sqlite/event-log-schema.ts";

/** A row as it is stored, in the shape of the table. */
export interface DbRow {
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
  active_ms: number | null;
  error: string | null;
  rating: string | null;
}

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

/** What is written of a row, by column. */
export function toCells(row: RunRow): Record<(typeof ROW_COLUMNS)[number], Cell> {
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
  };
}

/** In the order of `ROW_COLUMNS`. */
export function insertValues(row: RunRow): Cell[] {
  const all = toCells(row);
  return ROW_COLUMNS.map((column) => all[column]);
}

/** In the order of `CHANGING_COLUMNS`, then the id. */
export function updateValues(row: RunRow): Cell[] {
  const all = toCells(row);
  return [...CHANGING_COLUMNS.map((column) => all[column]), row.id];
}

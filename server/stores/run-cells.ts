/** Rows of `runs` as they cross to the worker and come back from the table. */
import type { RunRow } from "../services.ts";
import type { Cell } from "./event-log-schema.ts";

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
    ...(row.error !== null && { error: row.error }),
    ...(rating && { rating }),
  };
}

/** In the order of `ROW_COLUMNS`. */
export function cells(row: RunRow): Cell[] {
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
export function changes(row: RunRow): Cell[] {
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

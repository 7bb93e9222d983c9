/** Sums over the rows of runs, with one statement for both databases. */
import type { UsageDimension, UsageRow } from "../contract/run.ts";
import type { UsageFilter } from "./event-log.ts";
import { type Dialect, parameters, type Query } from "./list-queries.ts";

export interface DbUsageRow {
  /** Whole days since 1970. */
  day?: number;
  agent?: string | null;
  version?: number | null;
  key?: string | null;
  name?: string;
  runs: number;
  failed: number;
  inputTokens: number;
  outputTokens: number;
  costUsd: number | null;
  steps: number;
  toolCalls: number;
  p50Ms: number | null;
  p95Ms: number | null;
  p99Ms: number | null;
  rated: number;
  rating: number | null;
}

const DAY_MS = 86_400_000;
const SCORE: Record<Dialect, string> = {
  sqlite: "json_extract(rating, '$.score')",
  postgres: "(rating::json ->> 'score')::double precision",
};
/** Each visitor of a chat page and each trigger has its own key: all visitors count as one key, and all triggers. */
const KEY = "CASE WHEN key LIKE 'visitor-%' THEN 'visitor' WHEN key LIKE 'trigger-%' THEN 'trigger' ELSE key END";
/** In PostgreSQL the sum of 64-bit integers is a numeric. */
const WHOLE: Record<Dialect, (sum: string) => string> = {
  sqlite: (sum) => sum,
  postgres: (sum) => `(${sum})::bigint`,
};

export function usageQuery(dialect: Dialect, filter: UsageFilter): Query {
  const by = dimensions(filter.by ?? ["day", "agent"]);
  const { values, param } = parameters(dialect);
  const where = [`started_at >= ${param(filter.from)}`, `started_at < ${param(filter.to)}`];
  if (filter.agent !== undefined) where.push(`agent = ${param(filter.agent)}`);
  if (filter.version !== undefined) where.push(`coalesce(version, 0) = ${param(filter.version)}`);
  if (filter.key !== undefined) where.push(`coalesce(${KEY}, '') = ${param(filter.key)}`);
  const whole = WHOLE[dialect];
  // Percentiles need a sort of all runs, so the rows that are sorted contain only the needed columns.
  const groups = by.map((one) => `${one}, `).join("");
  const partition = by.length > 0 ? `PARTITION BY ${by.join(", ")}` : "";
  const grouped = by.length > 0 ? `GROUP BY ${by.join(", ")}` : "HAVING count(*) > 0";
  const same = by.map((one) => `sums.${one} IS NOT DISTINCT FROM ranks.${one}`);
  // Nearest rank: the value number ⌈n · p / 100⌉ of the ended runs.
  const percentile = (p: number) => `max(CASE WHEN nth = (ended * ${p} + 99) / 100 THEN active_ms END)`;
  const text = `
    WITH picked AS (
      SELECT started_at / ${DAY_MS} AS day, agent, version, ${KEY} AS key, name, status, input_tokens, output_tokens,
        cost_usd, steps, tool_calls, active_ms, ${SCORE[dialect]} AS score
      FROM ${dialect === "sqlite" ? "runs" : "patchbay.runs"} WHERE ${where.join(" AND ")}
    ), sums AS (
      SELECT ${groups}${by.includes("agent") ? "max(name) AS name, " : ""}
        count(*) AS runs, ${whole("sum(CASE WHEN status = 'failed' THEN 1 ELSE 0 END)")} AS failed,
        ${whole("sum(input_tokens)")} AS "inputTokens", ${whole("sum(output_tokens)")} AS "outputTokens",
        sum(cost_usd) AS "costUsd", ${whole("sum(steps)")} AS steps, ${whole("sum(tool_calls)")} AS "toolCalls",
        count(score) AS rated, avg(score) AS rating
      FROM picked ${grouped}
    ), numbered AS (
      SELECT ${groups}active_ms, row_number() OVER (${partition} ORDER BY active_ms) AS nth,
        count(*) OVER (${partition}) AS ended
      FROM picked WHERE active_ms IS NOT NULL
    ), ranks AS (
      SELECT ${groups}${percentile(50)} AS "p50Ms", ${percentile(95)} AS "p95Ms", ${percentile(99)} AS "p99Ms"
      FROM numbered ${by.length > 0 ? grouped : ""}
    )
    SELECT sums.*, "p50Ms", "p95Ms", "p99Ms" FROM sums LEFT JOIN ranks ON ${same.join(" AND ") || "1 = 1"}
    ${by.length > 0 ? `ORDER BY ${by.map((one) => `sums.${one} NULLS FIRST`).join(", ")}` : ""}`;
  return { text, values };
}

/** In a fixed order, without duplicates. `version` includes `agent`. */
function dimensions(by: readonly UsageDimension[]): UsageDimension[] {
  const wanted = new Set(by);
  if (wanted.has("version")) wanted.add("agent");
  return (["day", "agent", "version", "key"] as const).filter((one) => wanted.has(one));
}

export function toUsageRow(row: DbUsageRow): UsageRow {
  const { day, costUsd, p50Ms, p95Ms, p99Ms, rated, rating, agent, version, key, ...sums } = row;
  return {
    ...sums,
    ...(day !== undefined && { day: new Date(day * DAY_MS).toISOString().slice(0, 10) }),
    ...(agent != null && { agent }),
    ...(version != null && { version }),
    ...(key != null && { key }),
    ...(costUsd !== null && { costUsd }),
    ...(p50Ms !== null && p95Ms !== null && p99Ms !== null && { p50Ms, p95Ms, p99Ms }),
    ...(rated > 0 && rating !== null && { rated, rating }),
  };
}

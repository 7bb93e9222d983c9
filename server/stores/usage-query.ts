/** Sums over the rows of runs, in one statement for both databases. */
import type { UsageDimension, UsageRow } from "../contract/run.ts";
import type { UsageFilter } from "./event-log.ts";
import { type Dialect, places, type Query } from "./list-queries.ts";

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
/** Each visitor of a chat page and each trigger goes by a key of its own: they count as one each. */
const KEY = "CASE WHEN key LIKE 'visitor-%' THEN 'visitor' WHEN key LIKE 'trigger-%' THEN 'trigger' ELSE key END";
/** PostgreSQL makes numerics of sums of 64-bit integers. */
const WHOLE: Record<Dialect, (sum: string) => string> = {
  sqlite: (sum) => sum,
  postgres: (sum) => `(${sum})::bigint`,
};

/** The statement and its values, in order of its places. */
export function usageQuery(dialect: Dialect, filter: UsageFilter): Query {
  const by = dimensions(filter.by ?? ["day", "agent"]);
  const { values, place } = places(dialect);
  const where = [`started_at >= ${place(filter.from)}`, `started_at < ${place(filter.to)}`];
  if (filter.agent !== undefined) where.push(`agent = ${place(filter.agent)}`);
  if (filter.version !== undefined) where.push(`coalesce(version, 0) = ${place(filter.version)}`);
  if (filter.key !== undefined) where.push(`coalesce(${KEY}, '') = ${place(filter.key)}`);
  const whole = WHOLE[dialect];
  // The rank of each run costs a sort: it carries no more than it needs.
  const groups = by.map((one) => `${one}, `).join("");
  const partition = by.length > 0 ? `PARTITION BY ${by.join(", ")}` : "";
  const grouped = by.length > 0 ? `GROUP BY ${by.join(", ")}` : "HAVING count(*) > 0";
  const same = by.map((one) => `sums.${one} IS NOT DISTINCT FROM ranks.${one}`);
  // Nearest rank: the value at place ⌈n · p / 100⌉ of those that ended.
  const percentile = (p: number) => `max(CASE WHEN place = (ended * ${p} + 99) / 100 THEN active_ms END)`;
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
    ), placed AS (
      SELECT ${groups}active_ms, row_number() OVER (${partition} ORDER BY active_ms) AS place,
        count(*) OVER (${partition}) AS ended
      FROM picked WHERE active_ms IS NOT NULL
    ), ranks AS (
      SELECT ${groups}${percentile(50)} AS "p50Ms", ${percentile(95)} AS "p95Ms", ${percentile(99)} AS "p99Ms"
      FROM placed ${by.length > 0 ? grouped : ""}
    )
    SELECT sums.*, "p50Ms", "p95Ms", "p99Ms" FROM sums LEFT JOIN ranks ON ${same.join(" AND ") || "1 = 1"}
    ${by.length > 0 ? `ORDER BY ${by.map((one) => `sums.${one} NULLS FIRST`).join(", ")}` : ""}`;
  return { text, values };
}

/** In a fixed order, each once; a version is one of an agent. */
function dimensions(by: readonly UsageDimension[]): UsageDimension[] {
  const asked = new Set(by);
  if (asked.has("version")) asked.add("agent");
  return (["day", "agent", "version", "key"] as const).filter((one) => asked.has(one));
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

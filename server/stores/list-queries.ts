/** Lists of runs and conversations, with one statement each for both databases. */
import type { RunFilter, SessionRow } from "../contract/run.ts";
import type { EventLog } from "./event-log.ts";

export type Dialect = "sqlite" | "postgres";

export interface Query {
  text: string;
  /** In order of the parameters in the text. */
  values: (string | number)[];
}

const RUNS: Record<Dialect, string> = { sqlite: "runs", postgres: "patchbay.runs" };
/** Both ignore case. */
const LIKE: Record<Dialect, string> = { sqlite: "LIKE", postgres: "ILIKE" };
const RATED: Record<Dialect, Record<NonNullable<RunFilter["rating"]>, string>> = {
  sqlite: {
    good: "rating ->> 'score' > 0",
    bad: "rating ->> 'score' < 0",
    commented: "rating ->> 'comment' <> ''",
  },
  postgres: {
    good: "(rating::json ->> 'score')::float > 0",
    bad: "(rating::json ->> 'score')::float < 0",
    commented: "rating::json ->> 'comment' <> ''",
  },
};
const ENDED: ReadonlySet<string> = new Set(["done", "failed", "cancelled"]);

/** As `EventLog.rows`; rows are `DbRow`s. */
export function runsQuery(dialect: Dialect, filter: RunFilter): Query {
  const { values, param } = parameters(dialect);
  const where: string[] = [];
  for (const column of ["agent", "status", "session", "key", "user"] as const)
    if (filter[column] !== undefined) where.push(`"${column}" = ${param(filter[column])}`);
  let from = RUNS[dialect];
  if (filter.status !== undefined && !ENDED.has(filter.status)) {
    // Few runs have not ended. They have their own index, which SQLite would not choose by itself.
    where.push("ended_at IS NULL");
    if (dialect === "sqlite") from += " INDEXED BY runs_open";
  }
  if (filter.from !== undefined) where.push(`started_at >= ${param(filter.from)}`);
  if (filter.to !== undefined) where.push(`started_at < ${param(filter.to)}`);
  if (filter.after !== undefined) where.push(`id < ${param(filter.after)}`);
  if (filter.text) {
    const part = `%${filter.text.replaceAll(/[\\%_]/g, (char) => `\\${char}`)}%`;
    where.push(`message ${LIKE[dialect]} ${param(part)} ESCAPE '\\'`);
  }
  if (filter.rating !== undefined) where.push(RATED[dialect][filter.rating]);
  const text = `
    SELECT * FROM ${from} ${where.length > 0 ? `WHERE ${where.join(" AND ")}` : ""}
    ORDER BY id DESC LIMIT ${param(filter.limit ?? 50)}`;
  return { text, values };
}

export interface DbSessionRow extends Omit<SessionRow, "agent" | "key" | "user"> {
  agent: string | null;
  key: string | null;
  user: string | null;
}

/** As `EventLog.sessions`; rows are `DbSessionRow`s. Title and owner are those of the first run. */
export function sessionsQuery(dialect: Dialect, filter: Parameters<EventLog["sessions"]>[0]): Query {
  const { values, param } = parameters(dialect);
  const where = ["session IS NOT NULL", "fork IS NULL"];
  if (filter.agent !== undefined) where.push(`agent = ${param(filter.agent)}`);
  if (filter.user !== undefined) where.push(`"user" = ${param(filter.user)}`);
  if (filter.key !== undefined) where.push(`coalesce(key, '') = ${param(filter.key)}`);
  let having = "";
  if (filter.after !== undefined)
    having = `HAVING max(id) < (SELECT max(id) FROM ${RUNS[dialect]} WHERE fork IS NULL AND session = ${param(filter.after)})`;
  const text = `
    SELECT r.session AS id, r.agent, r.key, r."user", r.name, r.message AS title, t.turns, t.begun AS "startedAt",
      t.spoken AS "updatedAt"
    FROM ${RUNS[dialect]} AS r JOIN (
      SELECT min(id) AS first, max(id) AS last, count(*) AS turns, min(started_at) AS begun, max(started_at) AS spoken
      FROM ${RUNS[dialect]} WHERE ${where.join(" AND ")} GROUP BY session, key ${having}
    ) AS t ON r.id = t.first
    ORDER BY t.last DESC LIMIT ${param(filter.limit ?? 50)}`;
  return { text, values };
}

/** As `EventLog.sessionRuns`; rows are `DbRow`s. */
export function sessionRunsQuery(dialect: Dialect, session: string, filter: { agent?: string; key?: string }): Query {
  const { values, param } = parameters(dialect);
  const where = [`session = ${param(session)}`, "fork IS NULL"];
  if (filter.agent !== undefined) where.push(`agent = ${param(filter.agent)}`);
  if (filter.key !== undefined) where.push(`coalesce(key, '') = ${param(filter.key)}`);
  return { text: `SELECT * FROM ${RUNS[dialect]} WHERE ${where.join(" AND ")} ORDER BY id`, values };
}

export function toSessionRow({ agent, key, user, ...row }: DbSessionRow): SessionRow {
  return {
    ...row,
    ...(agent !== null && { agent }),
    ...(key !== null && { key }),
    ...(user !== null && { user }),
  };
}

/** Collects the values of a statement; `param` adds one and returns its placeholder. */
export function parameters(dialect: Dialect) {
  const values: (string | number)[] = [];
  const param = (value: string | number) => {
    values.push(value);
    return dialect === "sqlite" ? "?" : `$${values.length}`;
  };
  return { values, param };
}

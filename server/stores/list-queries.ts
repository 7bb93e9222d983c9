/** Lists of runs and of conversations, in one statement each for both databases. */
import type { RunFilter, SessionRow } from "../contract/run.ts";
import type { EventLog } from "./event-log.ts";

export type Dialect = "sqlite" | "postgres";

export interface Query {
  text: string;
  /** In order of the places in the text. */
  values: (string | number)[];
}

const RUNS: Record<Dialect, string> = { sqlite: "runs", postgres: "patchbay.runs" };
/** Without regard to case, both of them. */
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
const OVER: ReadonlySet<string> = new Set(["done", "failed", "cancelled"]);

/** As `EventLog.rows`: whole rows. */
export function runsQuery(dialect: Dialect, filter: RunFilter): Query {
  const { values, place } = places(dialect);
  const where: string[] = [];
  for (const column of ["agent", "status", "session", "key", "user"] as const)
    if (filter[column] !== undefined) where.push(`"${column}" = ${place(filter[column])}`);
  let from = RUNS[dialect];
  if (filter.status !== undefined && !OVER.has(filter.status)) {
    // What has not ended is few and has an index of its own, which SQLite would not choose by itself.
    where.push("ended_at IS NULL");
    if (dialect === "sqlite") from += " INDEXED BY runs_open";
  }
  if (filter.from !== undefined) where.push(`started_at >= ${place(filter.from)}`);
  if (filter.to !== undefined) where.push(`started_at < ${place(filter.to)}`);
  if (filter.after !== undefined) where.push(`id < ${place(filter.after)}`);
  if (filter.text) {
    const part = `%${filter.text.replaceAll(/[\\%_]/g, (char) => `\\${char}`)}%`;
    where.push(`message ${LIKE[dialect]} ${place(part)} ESCAPE '\\'`);
  }
  if (filter.rating !== undefined) where.push(RATED[dialect][filter.rating]);
  const text = `
    SELECT * FROM ${from} ${where.length > 0 ? `WHERE ${where.join(" AND ")}` : ""}
    ORDER BY id DESC LIMIT ${place(filter.limit ?? 50)}`;
  return { text, values };
}

export interface DbSessionRow extends Omit<SessionRow, "agent" | "key" | "user"> {
  agent: string | null;
  key: string | null;
  user: string | null;
}

/** As `EventLog.sessions`: `DbSessionRow`s. What a conversation is called and whose it is says its first run. */
export function sessionsQuery(dialect: Dialect, filter: Parameters<EventLog["sessions"]>[0]): Query {
  const { values, place } = places(dialect);
  const where = ["session IS NOT NULL", "fork IS NULL"];
  if (filter.agent !== undefined) where.push(`agent = ${place(filter.agent)}`);
  if (filter.user !== undefined) where.push(`"user" = ${place(filter.user)}`);
  if (filter.key !== undefined) where.push(`coalesce(key, '') = ${place(filter.key)}`);
  let having = "";
  if (filter.after !== undefined)
    having = `HAVING max(id) < (SELECT max(id) FROM ${RUNS[dialect]} WHERE fork IS NULL AND session = ${place(filter.after)})`;
  const text = `
    SELECT r.session AS id, r.agent, r.key, r."user", r.name, r.message AS title, t.turns, t.begun AS "startedAt",
      t.spoken AS "updatedAt"
    FROM ${RUNS[dialect]} AS r JOIN (
      SELECT min(id) AS first, max(id) AS last, count(*) AS turns, min(started_at) AS begun, max(started_at) AS spoken
      FROM ${RUNS[dialect]} WHERE ${where.join(" AND ")} GROUP BY session, key ${having}
    ) AS t ON r.id = t.first
    ORDER BY t.last DESC LIMIT ${place(filter.limit ?? 50)}`;
  return { text, values };
}

export function toSessionRow({ agent, key, user, ...row }: DbSessionRow): SessionRow {
  return {
    ...row,
    ...(agent !== null && { agent }),
    ...(key !== null && { key }),
    ...(user !== null && { user }),
  };
}

/** Collects the values of a statement; `place` gives what stands for one in the text. */
export function places(dialect: Dialect) {
  const values: (string | number)[] = [];
  const place = (value: string | number) => {
    values.push(value);
    return dialect === "sqlite" ? "?" : `$${values.length}`;
  };
  return { values, place };
}

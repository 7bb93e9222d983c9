/** Writes the events of many runs in one statement: one transaction, one round trip, one sync. */
import type pg from "pg";
import type { RunRow } from "../../contract/run.ts";
import type { Chunk } from "../chunks.ts";
import { CHANGING_COLUMNS, ROW_COLUMNS, toCells } from "../run-cells.ts";

/** The part of a batch that belongs to one run. */
export interface Part extends Chunk {
  /** The fence of this process's claim. */
  fence: number;
  /** For a run that begins. `owner` null: it is queued for a worker. */
  insert?: { row: RunRow; owner: string | null; idempotencyId?: string; bodyHash?: string };
  /** For a run whose row changes with these events. */
  update?: RunRow;
}

type Cells = Record<string, string | number | boolean | null>;

const TYPES: Record<string, string> = {
  version: "integer",
  input_tokens: "bigint",
  output_tokens: "bigint",
  cost_usd: "double precision",
  steps: "integer",
  tool_calls: "integer",
  started_at: "bigint",
  ended_at: "bigint",
  active_ms: "bigint",
  fence: "bigint",
  turn: "boolean",
};
const quoted = (columns: readonly string[]) => columns.map((name) => `"${name}"`).join(", ");
const typed = (columns: readonly string[]) => columns.map((name) => `"${name}" ${TYPES[name] ?? "text"}`).join(", ");

const INSERTED = [...ROW_COLUMNS, "idempotency_id", "body_hash", "owner", "fence", "turn"];

/**
 * Events of a run are stored only if its row has the fence (and is locked against another claim until the commit), or is
 * created with them. An existing chunk was written by this same statement whose response got lost.
 */
const WRITE = `
WITH part AS (
  SELECT * FROM unnest($1::text[], $2::int[], $3::int[], $4::text[], $5::bigint[]) AS t(run, first, last, body, fence)
), graphs AS (
  INSERT INTO patchbay.graphs (hash, body) SELECT * FROM unnest($6::text[], $7::text[]) ON CONFLICT DO NOTHING
), begun AS (
  INSERT INTO patchbay.runs (${quoted(INSERTED)})
  SELECT ${quoted(INSERTED)} FROM json_to_recordset($8::json) AS t(${typed(INSERTED)})
  ON CONFLICT DO NOTHING RETURNING id, owner
), changed AS (
  UPDATE patchbay.runs AS r SET ${CHANGING_COLUMNS.map((name) => `"${name}" = t."${name}"`).join(", ")},
    turn = r.turn AND t.status IN ('queued', 'running')
  FROM json_to_recordset($9::json) AS t(id text, fence bigint, ${typed(CHANGING_COLUMNS)})
  WHERE r.id = t.id AND r.fence = t.fence AND r.ended_at IS NULL RETURNING r.id
), held AS (
  SELECT r.id FROM patchbay.runs AS r JOIN unnest($10::text[], $11::bigint[]) AS t(id, fence) ON r.id = t.id
  WHERE r.fence = t.fence AND r.ended_at IS NULL FOR SHARE OF r
), stored AS (
  INSERT INTO patchbay.chunks (run, first, last, body)
  SELECT run, first, last, body FROM part
  WHERE run IN (SELECT id FROM begun UNION ALL SELECT id FROM changed UNION ALL SELECT id FROM held)
  ON CONFLICT DO NOTHING RETURNING run
)
SELECT coalesce(array_agg(run), '{}') AS runs,
  (SELECT count(pg_notify('patchbay_events', payload)) FROM unnest($12::text[]) AS payload) AS notified`;

/** Runs without an owner are queued in the same transaction, so that no stored run is without a job. */
const QUEUE = `,
  (SELECT count(graphile_worker.add_job('run', json_build_object('run', id), job_key := id, max_attempts := 3))
   FROM begun WHERE owner IS NULL) AS queued`;

/** NOTIFY allows 8,000 bytes. */
const MAX_PAYLOAD_BYTES = 7_900;

/**
 * Resolves with the runs whose part is on disk. The others were rejected: the fence is old, the run has ended, or its
 * idempotency id is already used. `notify`: other processes are notified.
 */
export async function writeBatch(
  pool: pg.Pool,
  parts: Part[],
  graphs: [hash: string, body: string][],
  notify: boolean,
): Promise<Set<string>> {
  const inserts: Cells[] = [];
  const updates: Cells[] = [];
  const held: Part[] = [];
  for (const part of parts) {
    if (part.insert) {
      const { row, owner, idempotencyId, bodyHash } = part.insert;
      inserts.push({
        ...cells(row),
        idempotency_id: toNullableText(idempotencyId),
        body_hash: bodyHash ?? null,
        owner,
        fence: part.fence,
        // A fork is not a turn of the conversation of its source run.
        turn: row.session !== undefined && row.fork === undefined && row.endedAt === undefined,
      });
    } else if (part.update) updates.push({ ...cells(part.update), fence: part.fence });
    else held.push(part);
  }
  const queued = inserts.some((one) => one.owner === null);
  const { rows } = await pool.query<{ runs: string[] }>({
    name: queued ? "patchbay-write-and-queue" : "patchbay-write",
    text: `${WRITE}${queued ? QUEUE : ""} FROM stored`,
    values: [
      parts.map((part) => part.run),
      parts.map((part) => part.first),
      parts.map((part) => part.last),
      parts.map((part) => part.body),
      parts.map((part) => part.fence),
      graphs.map(([hash]) => hash),
      graphs.map(([, body]) => body),
      JSON.stringify(inserts),
      JSON.stringify(updates),
      held.map((part) => part.run),
      held.map((part) => part.fence),
      notify ? notifyPayloads(parts) : [],
    ],
  });
  return new Set(rows[0]!.runs);
}

/** Which of the parts are on disk, after the response of a write got lost. */
export async function alreadyWritten(pool: pg.Pool, parts: Part[]): Promise<Set<string>> {
  const { rows } = await pool.query<{ run: string }>(
    `SELECT c.run FROM patchbay.chunks AS c JOIN unnest($1::text[], $2::int[]) AS t(run, last)
     ON c.run = t.run AND c.last = t.last`,
    [parts.map((part) => part.run), parts.map((part) => part.last)],
  );
  return new Set(rows.map((row) => row.run));
}

/** Lines `run last`, joined into payloads that NOTIFY allows. */
function notifyPayloads(parts: Part[]): string[] {
  const texts: string[] = [];
  let text = "";
  for (const { run, last } of parts) {
    const line = `${run} ${last}\n`;
    if (text.length + line.length > MAX_PAYLOAD_BYTES) {
      texts.push(text);
      text = "";
    }
    text += line;
  }
  return [...texts, text];
}

function cells(row: RunRow): Cells {
  return {
    ...toCells(row),
    name: toStorableText(row.name),
    session: toNullableText(row.session),
    user: toNullableText(row.user),
    message: toStorableText(row.message),
  };
}

/** PostgreSQL's text cannot hold NUL or a lone surrogate. Events do not need this: JSON escapes both. */
export function toStorableText(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\ufffd");
}

function toNullableText(text: string | undefined): string | null {
  return text === undefined ? null : toStorableText(text);
}

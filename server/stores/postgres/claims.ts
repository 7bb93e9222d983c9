/** Claims and releases runs. The fence in a run's row counts its claims. */
import type pg from "pg";
import { retryTransient } from "./retry.ts";
import { RELEASED } from "./watchers.ts";

/** Queues the run `id`; a job of it that has not started is replaced. */
const ADD_JOB = "graphile_worker.add_job('run', json_build_object('run', id), job_key := id, max_attempts := 3)";

/**
 * Claims a run that has not ended and has no living owner. `fence`: only if it was not claimed since. Resolves with the
 * new fence, or undefined when it cannot be claimed.
 */
export async function claimRun(pool: pg.Pool, run: string, owner: string, fence?: number): Promise<number | undefined> {
  const { rows } = await retryTransient(() =>
    pool.query<{ fence: number }>(
      `UPDATE patchbay.runs AS r SET owner = $2, fence = fence + 1, parked = false, wakes_at = NULL,
         status = CASE WHEN status = 'queued' THEN 'running' ELSE status END
       WHERE id = $1 AND ended_at IS NULL AND (owner IS NULL OR owner = $2
         OR NOT EXISTS (SELECT FROM patchbay.members AS m WHERE m.id = r.owner))
         AND ($3::bigint IS NULL OR fence = $3)
       RETURNING fence`,
      [run, owner, fence ?? null],
    ),
  );
  return rows[0]?.fence;
}

/**
 * Releases a run that is claimed under the fence, and notifies its readers. With `parked` it waits until `wakesAt` (null:
 * for a decision); else it is queued for the workers.
 */
export async function releaseRun(
  pool: pg.Pool,
  held: { run: string; fence: number; last: number; parked?: { wakesAt: number | null } },
): Promise<void> {
  await retryTransient(() =>
    pool.query(
      `WITH freed AS (
         UPDATE patchbay.runs SET owner = NULL, parked = $3, wakes_at = $4
         WHERE id = $1 AND fence = $2 AND ended_at IS NULL RETURNING id
       )
       SELECT pg_notify('patchbay_events', id || ' ' || $5 || ' ${RELEASED}')${held.parked ? "" : `, ${ADD_JOB}`} FROM freed`,
      [held.run, held.fence, held.parked !== undefined, held.parked?.wakesAt ?? null, String(held.last)],
    ),
  );
}

/** The living process that has the run, if any. */
export async function findOwner(pool: pg.Pool, run: string): Promise<string | undefined> {
  const { rows } = await retryTransient(() =>
    pool.query<{ owner: string }>(
      `SELECT m.id AS owner FROM patchbay.runs AS r JOIN patchbay.members AS m ON m.id = r.owner
       WHERE r.id = $1 AND r.ended_at IS NULL`,
      [run],
    ),
  );
  return rows[0]?.owner;
}

export async function queueRuns(pool: pg.Pool, runs: string[]): Promise<void> {
  if (runs.length > 0)
    await retryTransient(() => pool.query(`SELECT ${ADD_JOB} FROM unnest($1::text[]) AS t(id)`, [runs]));
}

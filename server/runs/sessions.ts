/** Reads and deletes sessions. */
import { PatchbayError } from "../../runtime/error.ts";
import { withoutReplaced } from "../../runtime/replaced-turns.ts";
import type { RunRow } from "../contract/run.ts";
import { notFound } from "../lib/not-found.ts";
import type { EventLog } from "../stores/event-log.ts";
import type { Conversations } from "./conversations.ts";
import type { RunFiles } from "./run-files.ts";

/**
 * The turns of a conversation, tool messages included; replaced ones are marked. A turn without a reply consists of the
 * user's message: how it ended is its status. `key`: only that key's. Rejects with `not_found`.
 */
export async function readSession(log: EventLog, conversations: Conversations, id: string, key?: string) {
  const rows = await rowsOf(log, id, key);
  const all = await Promise.all(rows.map(async (row) => ({ row, ...(await conversations.turn(row)) })));
  const kept = new Set(withoutReplaced(all));
  const turns = all.map((turn) => {
    const { row, run } = turn;
    const said = row.status === "done" ? turn.messages : [];
    return {
      run,
      status: row.status,
      startedAt: row.startedAt,
      ...(row.rating && { rating: row.rating }),
      messages: said.length > 0 ? said : [{ role: "user" as const, content: row.message }],
      ...(!kept.has(turn) && { replaced: true as const }),
    };
  });
  return { id, turns };
}

interface DeleteDeps {
  log: EventLog;
  conversations: Conversations;
  runFiles: Pick<RunFiles, "release">;
}

/** Deletes a run with its events and the files that only it uses. False when there is no such run; rejects as `EventLog.delete`. */
export async function deleteRun({ log, conversations, runFiles }: DeleteDeps, run: string): Promise<boolean> {
  const events = await conversations.events(run);
  const existed = await log.delete(run);
  if (existed) await runFiles.release(run, events);
  return existed;
}

/**
 * Deletes the runs of a session, with their files. Rejects with `not_found`, and with `conflict` while a turn has not
 * ended; then nothing is deleted.
 */
export async function deleteSession(deps: DeleteDeps, id: string, key?: string): Promise<void> {
  const { log, conversations } = deps;
  const rows = await rowsOf(log, id, key);
  const open = rows.find((row) => row.endedAt === undefined);
  if (open)
    throw new PatchbayError("conflict", `A turn of session "${id}" has not ended (${open.id}); cancel it first.`);
  for (const row of rows) await deleteRun(deps, row.id);
  conversations.forget(id, key ?? "");
}

async function rowsOf(log: EventLog, id: string, key: string | undefined): Promise<RunRow[]> {
  const rows = await log.sessionRuns(id, key === undefined ? {} : { key });
  if (rows.length === 0) throw notFound("session", id);
  return rows;
}

/** Which of a key's runs are the tasks that were asked for: the newest of one agent, a page at a time. */
import { type ListTasksRequest, TaskState } from "@a2a-js/sdk";
import { RequestMalformedError } from "@a2a-js/sdk/errors";
import type { RunResult, RunRow } from "../../contract/run.ts";
import type { EventLog } from "../../stores/event-log.ts";

/** As many are looked through, the newest first; older ones are got by their id. */
const MOST = 1000;
const PAGE = { least: 1, most: 100, usual: 50 };

export const STATES: Record<RunResult["status"], TaskState> = {
  queued: TaskState.TASK_STATE_SUBMITTED,
  running: TaskState.TASK_STATE_WORKING,
  waiting: TaskState.TASK_STATE_INPUT_REQUIRED,
  uncertain: TaskState.TASK_STATE_INPUT_REQUIRED,
  done: TaskState.TASK_STATE_COMPLETED,
  failed: TaskState.TASK_STATE_FAILED,
  cancelled: TaskState.TASK_STATE_CANCELED,
};

export interface TaskPage {
  rows: RunRow[];
  nextPageToken: string;
  pageSize: number;
  totalSize: number;
}

/** Those whose status changed last come first. Throws `RequestMalformedError` for a size, token or time that is none. */
export async function listTasks(
  log: Pick<EventLog, "rows">,
  key: string,
  slug: string,
  { contextId, status, pageSize = PAGE.usual, pageToken, statusTimestampAfter }: ListTasksRequest,
): Promise<TaskPage> {
  if (!Number.isInteger(pageSize) || pageSize < PAGE.least || pageSize > PAGE.most)
    throw new RequestMalformedError(`A page has ${PAGE.least} to ${PAGE.most} tasks.`);
  const after = statusTimestampAfter ? Date.parse(statusTimestampAfter) : Number.NEGATIVE_INFINITY;
  if (Number.isNaN(after)) throw new RequestMalformedError("statusTimestampAfter is no time in ISO 8601.");
  const found = await log.rows({ key, ...(contextId && { session: contextId }), limit: MOST });
  const all = found
    .filter((row) => row.slug === slug && changedAt(row) >= after && (!status || STATES[row.status] === status))
    .sort((a, b) => changedAt(b) - changedAt(a) || (a.id < b.id ? 1 : -1));
  const last = pageToken ? all.findIndex((row) => row.id === pageToken) : -1;
  if (pageToken && last < 0) throw new RequestMalformedError("There is no such page any more; begin with the first.");
  const rows = all.slice(last + 1, last + 1 + pageSize);
  return {
    rows,
    nextPageToken: last + 1 + pageSize < all.length ? rows.at(-1)!.id : "",
    pageSize,
    totalSize: all.length,
  };
}

/** When its status last changed, as near as its row tells. */
export function changedAt(row: Pick<RunRow, "startedAt" | "endedAt">): number {
  return row.endedAt ?? row.startedAt;
}

/** Lists the tasks of one agent for a key, newest first, in pages. */
import { type ListTasksRequest, TaskState } from "@a2a-js/sdk";
import { RequestMalformedError } from "@a2a-js/sdk/errors";
import type { RunResult, RunRow } from "../../contract/run.ts";
import type { EventLog } from "../../stores/event-log.ts";

/** Only the newest runs are searched. Older tasks are available by id. */
const MAX_SEARCHED = 1000;
const PAGE_SIZE = { min: 1, max: 100, default: 50 };

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

/** Sorted by the last status change. Rejects with `RequestMalformedError` for an invalid size, token or time. */
export async function listTasks(
  log: Pick<EventLog, "rows">,
  key: string,
  slug: string,
  { contextId, status, pageSize = PAGE_SIZE.default, pageToken, statusTimestampAfter }: ListTasksRequest,
): Promise<TaskPage> {
  if (!Number.isInteger(pageSize) || pageSize < PAGE_SIZE.min || pageSize > PAGE_SIZE.max)
    throw new RequestMalformedError(`pageSize must be ${PAGE_SIZE.min} to ${PAGE_SIZE.max}.`);
  const after = statusTimestampAfter ? Date.parse(statusTimestampAfter) : Number.NEGATIVE_INFINITY;
  if (Number.isNaN(after)) throw new RequestMalformedError("statusTimestampAfter is not an ISO 8601 time.");
  const found = await log.rows({ key, ...(contextId && { session: contextId }), limit: MAX_SEARCHED });
  const all = found
    .filter((row) => row.slug === slug && changedAt(row) >= after && (!status || STATES[row.status] === status))
    .sort((a, b) => changedAt(b) - changedAt(a) || (a.id < b.id ? 1 : -1));
  const last = pageToken ? all.findIndex((row) => row.id === pageToken) : -1;
  if (pageToken && last < 0)
    throw new RequestMalformedError("The page token is invalid or expired. Start with the first page.");
  const rows = all.slice(last + 1, last + 1 + pageSize);
  return {
    rows,
    nextPageToken: last + 1 + pageSize < all.length ? rows.at(-1)!.id : "",
    pageSize,
    totalSize: all.length,
  };
}

/** Time of the last status change, approximated from the row. */
export function changedAt(row: Pick<RunRow, "startedAt" | "endedAt">): number {
  return row.endedAt ?? row.startedAt;
}

/** The filters of the runs page. They are kept in the URL, so that they can be shared and restored. */
import type { RunStatus } from "../../../runtime/fold-run.ts";
import type { RatingFilter } from "../../../server/contract/run.ts";
import type { RunFilter } from "../../api/api.ts";

export type Period = "any" | "day" | "week" | "month";

export interface RunFilters {
  text: string;
  agent?: string;
  status?: RunStatus;
  rating?: RatingFilter;
  period: Period;
}

export const RATINGS: readonly RatingFilter[] = ["good", "bad", "commented"];

export const STATUSES: readonly RunStatus[] = [
  "running",
  "waiting",
  "uncertain",
  "done",
  "failed",
  "cancelled",
  "queued",
];
const DAYS: Record<Period, number> = { any: 0, day: 1, week: 7, month: 30 };

export function readFilters(search: string): RunFilters {
  const query = new URLSearchParams(search);
  const status = query.get("status") as RunStatus | null;
  const rating = query.get("rating") as RatingFilter | null;
  const period = query.get("period") as Period | null;
  return {
    text: query.get("text") ?? "",
    ...(query.get("agent") && { agent: query.get("agent")! }),
    ...(status && STATUSES.includes(status) && { status }),
    ...(rating && RATINGS.includes(rating) && { rating }),
    period: period && period in DAYS ? period : "any",
  };
}

export function writeFilters(filters: RunFilters): string {
  const query = new URLSearchParams();
  if (filters.text) query.set("text", filters.text);
  if (filters.agent) query.set("agent", filters.agent);
  if (filters.status) query.set("status", filters.status);
  if (filters.rating) query.set("rating", filters.rating);
  if (filters.period !== "any") query.set("period", filters.period);
  const text = query.toString();
  return text ? `?${text}` : "";
}

/** The query for the server. The time is rounded down to the minute, so that the query key stays stable. */
export function toQuery(filters: RunFilters, now: number): RunFilter {
  const days = DAYS[filters.period];
  const minute = Math.floor(now / 60_000) * 60_000;
  return {
    ...(filters.text.trim() && { text: filters.text.trim() }),
    ...(filters.agent && { agent: filters.agent }),
    ...(filters.status && { status: filters.status }),
    ...(filters.rating && { rating: filters.rating }),
    ...(days > 0 && { from: minute - days * 86_400_000 }),
  };
}

export const isFiltered = (filters: RunFilters) => writeFilters(filters) !== "";

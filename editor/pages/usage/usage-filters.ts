/** The filters of the usage page. They are kept in the URL, so that they can be shared and restored. */
import type { UsageQuery } from "../../api/api.ts";

export const RANGES = [7, 30, 90] as const;
export type Range = (typeof RANGES)[number];
export const GROUPS = ["agent", "version", "key"] as const;
export type Group = (typeof GROUPS)[number];

export interface UsageFilters {
  days: Range;
  by: Group;
  agent?: string;
  /** A version of the agent; 0 means its drafts. */
  version?: number;
  /** Empty means the admin's own runs. */
  key?: string;
}

export function readFilters(search: string): UsageFilters {
  const query = new URLSearchParams(search);
  const agent = query.get("agent") || undefined;
  const version = /^\d{1,9}$/.test(query.get("version") ?? "") ? Number(query.get("version")) : undefined;
  const key = query.get("key") ?? undefined;
  return {
    days: RANGES.find((days) => String(days) === query.get("days")) ?? 30,
    by: GROUPS.find((group) => group === query.get("by")) ?? "agent",
    ...(agent !== undefined && { agent }),
    // A version number has no meaning without its agent.
    ...(agent !== undefined && version !== undefined && { version }),
    ...(key !== undefined && { key }),
  };
}

export function writeFilters({ days, by, agent, version, key }: UsageFilters): string {
  const query = new URLSearchParams();
  if (days !== 30) query.set("days", String(days));
  if (by !== "agent") query.set("by", by);
  if (agent !== undefined) query.set("agent", agent);
  if (agent !== undefined && version !== undefined) query.set("version", String(version));
  if (key !== undefined) query.set("key", key);
  const text = query.toString();
  return text ? `?${text}` : "";
}

/** The query for the server, without the grouping. */
export function toQuery({ days, agent, version, key }: UsageFilters): Omit<UsageQuery, "by"> {
  return {
    days,
    ...(agent !== undefined && { agent }),
    ...(version !== undefined && { version }),
    ...(key !== undefined && { key }),
  };
}

/** Usage rows prepared for the plots: one per day. */
import type { UsageRow } from "../../../server/contract/run.ts";

const NOTHING: UsageRow = { runs: 0, failed: 0, inputTokens: 0, outputTokens: 0, steps: 0, toolCalls: 0 };

/** The last `days` days (UTC) up to `now`, oldest first; a day without a row is filled with zeros. */
export function everyDay(rows: readonly UsageRow[], days: number, now: number): (UsageRow & { day: string })[] {
  const byDay = new Map(rows.map((row) => [row.day, row]));
  const today = Math.floor(now / 86_400_000);
  return Array.from({ length: days }, (_, index) => {
    const day = new Date((today - days + 1 + index) * 86_400_000).toISOString().slice(0, 10);
    return { ...NOTHING, ...byDay.get(day), day };
  });
}

/** Sorted by number of runs, largest first. */
export function busiest(rows: readonly UsageRow[]): UsageRow[] {
  return [...rows].sort((a, b) => b.runs - a.runs);
}

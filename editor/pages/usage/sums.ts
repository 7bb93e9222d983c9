/** Usage rows, summed in the ways the page shows them. */
import type { UsageRow } from "../../api-types.ts";

export interface Sum {
  runs: number;
  failed: number;
  inputTokens: number;
  outputTokens: number;
  steps: number;
  toolCalls: number;
  /** Absent when no run had a price. */
  costUsd?: number;
}

export const NOTHING: Sum = { runs: 0, failed: 0, inputTokens: 0, outputTokens: 0, steps: 0, toolCalls: 0 };

export function add(sum: Sum, row: Sum): Sum {
  const costUsd =
    sum.costUsd === undefined && row.costUsd === undefined ? undefined : (sum.costUsd ?? 0) + (row.costUsd ?? 0);
  return {
    runs: sum.runs + row.runs,
    failed: sum.failed + row.failed,
    inputTokens: sum.inputTokens + row.inputTokens,
    outputTokens: sum.outputTokens + row.outputTokens,
    steps: sum.steps + row.steps,
    toolCalls: sum.toolCalls + row.toolCalls,
    ...(costUsd !== undefined && { costUsd }),
  };
}

/** One sum for each of the last `days` days (UTC) up to `now`, oldest first, empty days too. */
export function byDay(rows: readonly UsageRow[], days: number, now: number): { day: string; sum: Sum }[] {
  const sums = new Map<string, Sum>();
  for (const row of rows) sums.set(row.day ?? "", add(sums.get(row.day ?? "") ?? NOTHING, row));
  const today = Math.floor(now / 86_400_000);
  return Array.from({ length: days }, (_, index) => {
    const day = new Date((today - days + 1 + index) * 86_400_000).toISOString().slice(0, 10);
    return { day, sum: sums.get(day) ?? NOTHING };
  });
}

/** One sum an agent, the busiest first. Runs of graphs that were never saved go by their name. */
export function byAgent(rows: readonly UsageRow[]): { key: string; agent?: string; name: string; sum: Sum }[] {
  const sums = new Map<string, { key: string; agent?: string; name: string; day: string; sum: Sum }>();
  for (const row of rows) {
    const key = row.agent ?? `~${row.name}`;
    const known = sums.get(key);
    const { day = "", name = "" } = row;
    sums.set(key, {
      key,
      ...(row.agent !== undefined && { agent: row.agent }),
      // The newest name it went by.
      name: known && known.day > day ? known.name : name,
      day: known && known.day > day ? known.day : day,
      sum: add(known?.sum ?? NOTHING, row),
    });
  }
  return [...sums.values()].sort((a, b) => b.sum.runs - a.sum.runs).map(({ day: _day, ...rest }) => rest);
}

/** What two versions that share the calls can be said to differ in, and when nothing can be said yet. */
import type { UsageRow } from "../../../server/contract/run.ts";

/** Below so many calls of either, a difference says next to nothing. */
export const ENOUGH_CALLS = 30;
/** Below so many failures (or successes) expected of either, the test's arithmetic does not hold. */
const ENOUGH_EXPECTED = 5;
/** Of a hundred pairs of equal versions five differ by more than this, by chance. */
const Z_95 = 1.96;

export type Verdict =
  /** `calls`: of the version that has fewer. */
  { is: "few-calls"; calls: number } | { is: "few-failures" } | { is: "alike" } | { is: "worse" | "better" };

/** Whether the second fails more or less often than the first, beyond chance: a test of two shares, both sides. */
export function verdict(first: UsageRow | undefined, second: UsageRow | undefined): Verdict {
  const a = ended(first);
  const b = ended(second);
  const fewest = Math.min(a.runs, b.runs);
  if (fewest < ENOUGH_CALLS) return { is: "few-calls", calls: fewest };
  const share = (a.failed + b.failed) / (a.runs + b.runs);
  if (Math.min(share, 1 - share) * fewest < ENOUGH_EXPECTED) return { is: "few-failures" };
  const z = (b.failed / b.runs - a.failed / a.runs) / Math.sqrt(share * (1 - share) * (1 / a.runs + 1 / b.runs));
  if (Math.abs(z) < Z_95) return { is: "alike" };
  return { is: z > 0 ? "worse" : "better" };
}

function ended(row: UsageRow | undefined): { runs: number; failed: number } {
  return { runs: row?.runs ?? 0, failed: row?.failed ?? 0 };
}

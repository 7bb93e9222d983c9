/** Compares the failure rates of two versions that share the calls, and says when the data is not sufficient. */
import type { UsageRow } from "../../../server/contract/run.ts";

/** With fewer calls than this for either version, a difference means very little. */
export const ENOUGH_CALLS = 30;
/** With fewer expected failures (or successes) than this, the normal approximation is not valid. */
const ENOUGH_EXPECTED = 5;
/** The two-sided 5% threshold: five of a hundred pairs of equal versions exceed it by chance. */
const Z_95 = 1.96;

export type Verdict =
  /** `calls`: of the version that has fewer. */
  { is: "few-calls"; calls: number } | { is: "few-failures" } | { is: "alike" } | { is: "worse" | "better" };

/** Whether the second fails more or less often than the first, beyond chance: a two-sided test of two proportions. */
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

import { describe, expect, it } from "vitest";
import type { UsageRow } from "../../../server/contract/run.ts";
import { verdict } from "./verdict.ts";

const of = (runs: number, failed: number): UsageRow => ({
  runs,
  failed,
  inputTokens: 0,
  outputTokens: 0,
  steps: 0,
  toolCalls: 0,
});

describe("a comparison of two versions", () => {
  it.each([
    [undefined, undefined, { is: "few-calls", calls: 0 }],
    [of(5000, 10), of(29, 0), { is: "few-calls", calls: 29 }],
    // One failure in 30 proves nothing, even if the other has none in thousands.
    [of(5000, 0), of(30, 1), { is: "few-failures" }],
    [of(900, 0), of(100, 0), { is: "few-failures" }],
    [of(900, 90), of(100, 12), { is: "alike" }],
    [of(900, 45), of(100, 15), { is: "worse" }],
    [of(900, 180), of(100, 5), { is: "better" }],
    // All calls fail, so no difference can be measured.
    [of(100, 100), of(100, 100), { is: "few-failures" }],
  ] as const)("%o against %o: %o", (first, second, said) => {
    expect(verdict(first, second)).toEqual(said);
  });
});

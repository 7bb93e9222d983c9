/** Statistics of benchmarks. */

export function round(value: number, places: number): number {
  return Number(value.toFixed(places));
}

/** The value at a share of the sorted values: 0.5 is the median. NaN without values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

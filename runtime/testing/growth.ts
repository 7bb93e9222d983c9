/**
 * How much longer work takes on `factor` times as much input: about `factor` when its time is linear, its square when it is
 * quadratic. On a busy machine, a larger factor tells them apart more surely.
 */
export function growth(work: (size: number) => void, size: number, factor = 8): number {
  const times = { small: Number.POSITIVE_INFINITY, large: Number.POSITIVE_INFINITY };
  // The shortest of several: a busy machine only ever adds time.
  for (let round = 0; round < 5; round++) {
    times.small = Math.min(
      times.small,
      timeOf(() => work(size)),
    );
    times.large = Math.min(
      times.large,
      timeOf(() => work(factor * size)),
    );
  }
  // Below the clock's resolution nothing is measured.
  return times.large / Math.max(times.small, 0.05);
}

function timeOf(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

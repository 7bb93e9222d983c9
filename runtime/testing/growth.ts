/** How much longer work takes on eight times as much input: about 8 when its time is linear, 64 when it is quadratic. */
export function growth(work: (size: number) => void, size: number): number {
  const times = { small: Number.POSITIVE_INFINITY, large: Number.POSITIVE_INFINITY };
  // The shortest of several: a busy machine only ever adds time.
  for (let round = 0; round < 5; round++) {
    times.small = Math.min(
      times.small,
      timeOf(() => work(size)),
    );
    times.large = Math.min(
      times.large,
      timeOf(() => work(8 * size)),
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

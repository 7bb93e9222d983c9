/**
 * Crash points for tests: with `PATCHBAY_TEST_FAULT_AT=<label>#<n>`, the process kills itself with SIGKILL when it
 * reaches the point with that label for the n-th time. Unset, a point costs one comparison.
 */
const [armed, count = "1"] = (process.env.PATCHBAY_TEST_FAULT_AT ?? "").split("#");
let left = Number(count);

/** The points, in the order in which a run reaches them. */
export const FAULT_POINTS = [
  "before-event-append",
  "after-event-append",
  "after-accept",
  "after-intent",
  "after-tool-return-before-result",
  "mid-llm-stream",
  "before-terminal",
  "mid-migration",
  "mid-upload",
  "mid-index",
] as const;
export type FaultPoint = (typeof FAULT_POINTS)[number];

/** Whether any point is armed, for points whose check would cost more than a comparison. */
export const faultsArmed = armed !== "";

export function faultPoint(label: FaultPoint): void {
  if (label !== armed || --left > 0) return;
  process.kill(process.pid, "SIGKILL");
  // The signal arrives asynchronously: block the thread until then.
  for (;;);
}

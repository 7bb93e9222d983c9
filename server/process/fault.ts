/**
 * For the crash harness alone: `PATCHBAY_TEST_FAULT_AT=<label>#<n>` ends this process, as a power cut would, the n-th
 * time that it comes to the place with that label. Unset, a place costs one comparison.
 */
const [armed, count = "1"] = (process.env.PATCHBAY_TEST_FAULT_AT ?? "").split("#");
let left = Number(count);

/** The places, in the order in which a run comes by them. */
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

/** Whether any place is armed, for places that would cost more than a comparison. */
export const faultsArmed = armed !== "";

export function faultPoint(label: FaultPoint): void {
  if (label !== armed || --left > 0) return;
  process.kill(process.pid, "SIGKILL");
  // The signal comes from outside this thread: nothing more may happen meanwhile.
  for (;;);
}

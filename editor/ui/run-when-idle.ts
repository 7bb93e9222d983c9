/** When the browser is never idle, heavy work waits no longer than this after the pointer is let go. */
const LONGEST_MS = 500;
const AGAIN_MS = 100;

let held = false;
window.addEventListener("pointerdown", () => (held = true), true);
for (const end of ["pointerup", "pointercancel"]) window.addEventListener(end, () => (held = false), true);

/** Calls back when no button of the pointer is held and nothing else is to be done: heavy work stops no drag. The returned function takes it back. */
export function runWhenIdle(call: () => void): () => void {
  let stopped = false;
  const look = () => {
    if (stopped) return;
    if (held) setTimeout(wait, AGAIN_MS);
    else call();
  };
  const wait = () => {
    if ("requestIdleCallback" in window) requestIdleCallback(look, { timeout: LONGEST_MS });
    // Safari has no idle callbacks.
    else setTimeout(look, AGAIN_MS);
  };
  wait();
  return () => {
    stopped = true;
  };
}

/** The longest delay after the pointer is released, if the browser is never idle. */
const LONGEST_MS = 500;
const AGAIN_MS = 100;

let held = false;
window.addEventListener("pointerdown", () => (held = true), true);
for (const end of ["pointerup", "pointercancel"]) window.addEventListener(end, () => (held = false), true);

/**
 * Calls back when no pointer button is pressed and the browser is idle, so that heavy work does not block a drag.
 * Returns a function that cancels it.
 */
export function runWhenIdle(call: () => void): () => void {
  let stopped = false;
  const look = () => {
    if (stopped) return;
    if (held) setTimeout(wait, AGAIN_MS);
    else call();
  };
  const wait = () => {
    if ("requestIdleCallback" in window) requestIdleCallback(look, { timeout: LONGEST_MS });
    // Safari does not support idle callbacks.
    else setTimeout(look, AGAIN_MS);
  };
  wait();
  return () => {
    stopped = true;
  };
}

/** A duration for what code moves (CSS has its own rule): 0 where the person wishes for no motion. */
export function motionMs(ms: number): number {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : ms;
}

/** The duration of an animation in code (CSS has its own rule): 0 if the person prefers reduced motion. */
export function motionMs(ms: number): number {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : ms;
}

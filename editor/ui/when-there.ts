/** So long may a panel take to come: its code is loaded after the canvas. */
const PATIENCE_MS = 2000;
let waiting = 0;

/** Does something with the element that a selector finds, at the next frame in which it is there. One that does not come in time is let be. */
export function whenThere<E extends HTMLElement>(selector: string, does: (element: E) => void): void {
  const began = performance.now();
  waiting++;
  const look = () => {
    const element = document.querySelector<E>(selector);
    if (!element && performance.now() - began < PATIENCE_MS) return requestAnimationFrame(look);
    waiting--;
    return element && does(element);
  };
  requestAnimationFrame(look);
}

/** True while something is waited for: a letter typed now is meant for it, and is no key of the canvas. */
export const isAwaited = (): boolean => waiting > 0;

export function focusSoon(id: string): void {
  whenThere(`#${id}`, (element) => element.focus());
}

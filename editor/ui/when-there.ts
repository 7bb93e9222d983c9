/** So long may a panel take to come: its code is loaded after the canvas. */
const PATIENCE_MS = 2000;

/** Does something with the element that a selector finds, at the next frame in which it is there. One that does not come in time is let be. */
export function whenThere<E extends HTMLElement>(selector: string, does: (element: E) => void): void {
  const began = performance.now();
  const look = () => {
    const element = document.querySelector<E>(selector);
    if (element) does(element);
    else if (performance.now() - began < PATIENCE_MS) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

export function focusSoon(id: string): void {
  whenThere(`#${id}`, (element) => element.focus());
}

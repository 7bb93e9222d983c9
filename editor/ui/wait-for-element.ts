/** How long a panel may take to appear; its code loads after the canvas. */
const TIMEOUT_MS = 2000;
let waiting = 0;
let typed = "";

/**
 * Calls `does` with the element that a selector matches, in the first frame in which it exists. Gives up after the
 * timeout. Keys typed meanwhile are inserted into it if it is a text field.
 */
export function waitForElement<E extends HTMLElement>(selector: string, does: (element: E) => void): void {
  const began = performance.now();
  if (waiting++ === 0) {
    typed = "";
    window.addEventListener("keydown", keep, { capture: true });
  }
  const look = () => {
    const element = document.querySelector<E>(selector);
    if (!element && performance.now() - began < TIMEOUT_MS) return requestAnimationFrame(look);
    if (--waiting === 0) window.removeEventListener("keydown", keep, { capture: true });
    if (!element) return;
    does(element);
    if (typed !== "" && (element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement)) {
      element.setRangeText(typed, element.selectionStart ?? 0, element.selectionEnd ?? 0, "end");
      typed = "";
      element.dispatchEvent(new Event("input", { bubbles: true }));
    }
  };
  requestAnimationFrame(look);
}

export function focusWhenReady(id: string): void {
  waitForElement(`#${id}`, (element) => element.focus());
}

function keep(event: KeyboardEvent): void {
  if (event.key.length !== 1 || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  event.preventDefault();
  event.stopPropagation();
  typed += event.key;
}

/**
 * The inside of a frame that `embed.js` made. The page around it hands over one port when the frame has loaded; all that
 * is said between the two goes through it, so nothing is ever posted to whoever happens to listen.
 */

export const embedded = window.parent !== window;

const HELLO = "patchbay-embed";
let port: MessagePort | undefined;
const openers = new Set<() => void>();

if (embedded)
  addEventListener("message", (event) => {
    // Only sites that `frame-ancestors` names can be the parent; any other window is not heard.
    if (port || event.source !== window.parent || event.data !== HELLO || !event.ports[0]) return;
    port = event.ports[0];
    port.onmessage = ({ data }) => {
      if (data === "open") for (const opened of openers) opened();
    };
    for (const opened of openers) opened();
  });

/** Asks the page to put the chat away. False where no `embed.js` is there to do so. */
export function askToClose(): boolean {
  port?.postMessage("close");
  return port !== undefined;
}

/** Calls back whenever the page shows the chat. */
export function onOpened(opened: () => void): () => void {
  openers.add(opened);
  return () => openers.delete(opened);
}

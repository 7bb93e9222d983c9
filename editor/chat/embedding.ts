/**
 * The frame side of `embed.js`. The embedding page passes one message port when the frame has loaded. Both sides use
 * only that port, so other windows receive nothing.
 */

export const embedded = window.parent !== window;

const HELLO = "patchbay-embed";
let port: MessagePort | undefined;
const openers = new Set<() => void>();

if (embedded)
  addEventListener("message", (event) => {
    // Only the sites in `frame-ancestors` can be the parent; messages from other windows are ignored.
    if (port || event.source !== window.parent || event.data !== HELLO || !event.ports[0]) return;
    port = event.ports[0];
    port.onmessage = ({ data }) => {
      if (data === "open") for (const opened of openers) opened();
    };
    for (const opened of openers) opened();
  });

/** Asks the page to close the chat. Returns false if the chat is not embedded. */
export function askToClose(): boolean {
  port?.postMessage("close");
  return port !== undefined;
}

/** Calls back each time the page opens the chat. */
export function onOpened(opened: () => void): () => void {
  openers.add(opened);
  return () => openers.delete(opened);
}

/*
 * Shows an agent's chat in the corner of a site:
 *   <script src="https://your-server/embed.js" data-agent="slug" async></script>
 * `data-key` is for an agent shared by link, `data-label` sets the button's label, `data-open` opens the chat at start.
 * The site must be among the agent's origins. The chat is a separate frame: neither side can read the other. They
 * exchange only "open" and "close", through a message port that only this frame receives.
 */
(() => {
  const script = document.currentScript;
  const slug = script?.dataset.agent;
  if (!slug) {
    console.error('embed.js: set the attribute data-agent="slug".');
    return;
  }
  const server = new URL(script.src).origin;
  const address = new URL(`/chat/${encodeURIComponent(slug)}`, server);
  if (script.dataset.key) address.searchParams.set("key", script.dataset.key);
  const label = script.dataset.label || "Chat";

  // Styles are set by script, so that the page's `style-src` policy does not block them.
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = label;
  button.setAttribute("aria-expanded", "false");
  Object.assign(button.style, {
    position: "fixed",
    right: "20px",
    bottom: "20px",
    zIndex: "2147483000",
    padding: "12px 18px",
    border: "0",
    borderRadius: "999px",
    background: "#1d1b17",
    color: "#fff",
    font: "500 15px system-ui, sans-serif",
    cursor: "pointer",
    boxShadow: "0 6px 24px rgb(0 0 0 / .2)",
  });

  const isSmall = matchMedia("(max-width: 480px)");
  const place = () =>
    Object.assign(frame.style, {
      position: "fixed",
      zIndex: "2147483001",
      background: "#fff",
      ...(isSmall.matches
        ? {
            right: "0",
            bottom: "0",
            width: "100%",
            height: "100dvh",
            border: "0",
            borderRadius: "0",
            boxShadow: "none",
          }
        : {
            right: "20px",
            bottom: "76px",
            width: "400px",
            height: "min(620px, calc(100vh - 110px))",
            border: "1px solid rgb(0 0 0 / .12)",
            borderRadius: "14px",
            boxShadow: "0 14px 50px rgb(0 0 0 / .22)",
          }),
    });

  let frame;
  let port;
  const isOpen = () => button.getAttribute("aria-expanded") === "true";
  const show = (open) => {
    if (open === isOpen()) return;
    if (open && !frame) {
      frame = document.createElement("iframe");
      frame.src = address.href;
      frame.title = label;
      frame.allow = "microphone; clipboard-write";
      frame.addEventListener("load", () => {
        const channel = new MessageChannel();
        port = channel.port1;
        port.onmessage = ({ data }) => {
          if (data === "close") show(false);
        };
        frame.contentWindow.postMessage("patchbay-embed", server, [channel.port2]);
      });
      place();
      isSmall.addEventListener("change", place);
      document.body.append(frame);
    }
    frame.style.display = open ? "block" : "none";
    button.setAttribute("aria-expanded", String(open));
    if (open) {
      frame.focus();
      port?.postMessage("open");
    } else button.focus();
  };
  button.addEventListener("click", () => show(!isOpen()));
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && isOpen()) show(false);
  });
  const begin = () => {
    document.body.append(button);
    if ("open" in script.dataset) show(true);
  };
  if (document.body) begin();
  else addEventListener("DOMContentLoaded", begin);
})();

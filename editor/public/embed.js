/*
 * One line on a site shows an agent's chat in its corner:
 *   <script src="https://your-server/embed.js" data-agent="slug" async></script>
 * `data-key` for an agent shared by link, `data-label` for the button, `data-open` to begin open. The site must be among
 * the agent's origins. The chat is a frame of its own: it sees nothing of the page, and the page nothing of it.
 */
(() => {
  const script = document.currentScript;
  const slug = script?.dataset.agent;
  if (!slug) {
    console.error('embed.js: say which agent: data-agent="slug".');
    return;
  }
  const server = new URL(script.src).origin;
  const address = new URL(`/chat/${encodeURIComponent(slug)}`, server);
  if (script.dataset.key) address.searchParams.set("key", script.dataset.key);

  const button = document.createElement("button");
  const label = script.dataset.label || "Chat";
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

  let frame;
  const show = (open) => {
    if (open && !frame) {
      frame = document.createElement("iframe");
      frame.src = address.href;
      frame.title = label;
      frame.allow = "microphone; clipboard-write";
      Object.assign(frame.style, {
        position: "fixed",
        right: "20px",
        bottom: "76px",
        zIndex: "2147483000",
        width: "min(400px, calc(100vw - 40px))",
        height: "min(620px, calc(100vh - 110px))",
        border: "1px solid rgb(0 0 0 / .12)",
        borderRadius: "14px",
        background: "#fff",
        boxShadow: "0 14px 50px rgb(0 0 0 / .22)",
      });
      document.body.append(frame);
    }
    if (frame) frame.style.display = open ? "block" : "none";
    button.setAttribute("aria-expanded", String(open));
  };
  button.addEventListener("click", () => show(button.getAttribute("aria-expanded") !== "true"));
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") show(false);
  });
  const begin = () => {
    document.body.append(button);
    if ("open" in script.dataset) show(true);
  };
  if (document.body) begin();
  else addEventListener("DOMContentLoaded", begin);
})();

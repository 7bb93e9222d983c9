import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "../i18n/index.ts";
import "../ui/theme.css";
import { Tooltip } from "radix-ui";
import { ChatApp } from "./chat-app.tsx";

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <Tooltip.Provider delayDuration={400}>
      <ChatApp />
    </Tooltip.Provider>
  </StrictMode>,
);

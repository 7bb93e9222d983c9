import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import "./i18n/index.ts";
import "./ui/theme.css";
import { ApiError } from "./api/api.ts";
import { begin } from "./begin.ts";

begin(window.location.pathname);

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // Errors from the server are final. If it does not respond, there are two more attempts.
      retry: (failures, error) => !(error instanceof ApiError && error.status > 0) && failures < 2,
    },
  },
});

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
);

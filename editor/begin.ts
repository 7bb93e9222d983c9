/** Starts loading the canvas code and the agent before React renders, so that they arrive while the frame is drawn. */
import { prefetchAgent } from "./session/prefetch-agent.ts";

export const loadAgentEditor = () => import("./workbench/agent-editor.tsx").then((module) => module.AgentEditor);

export function begin(path: string): void {
  const agent = /^\/agents\/([^/]+)$/.exec(path)?.[1];
  if (agent === undefined) return;
  prefetchAgent(decodeURIComponent(agent));
  // The page loads it again and reports a failure.
  loadAgentEditor().catch(() => undefined);
}

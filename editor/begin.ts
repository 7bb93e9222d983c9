/**
 * Asks for what the address needs most before the frame is drawn: the code of the canvas and the agent itself come
 * while React draws what stands around them.
 */
import { prefetchAgent } from "./session/prefetch-agent.ts";

export const loadAgentEditor = () => import("./workbench/agent-editor.tsx").then((module) => module.AgentEditor);

export function begin(path: string): void {
  const agent = /^\/agents\/([^/]+)$/.exec(path)?.[1];
  if (agent === undefined) return;
  prefetchAgent(decodeURIComponent(agent));
  // The page asks for it again, and tells where it cannot be had.
  loadAgentEditor().catch(() => undefined);
}

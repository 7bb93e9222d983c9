/** Requests an agent before the page that shows it has loaded. */
import type { Agent } from "../../server/contract/agent.ts";
import { api } from "../api/api.ts";

let pending: { id: string; response: Promise<Agent> } | undefined;

export function prefetchAgent(id: string): void {
  const response = api.agents.get(id);
  // Prevents an unhandled rejection when the response is not taken. `takePrefetchedAgent` still rejects.
  response.catch(() => undefined);
  pending = { id, response };
}

/** The prefetched response, once: an agent that is opened again is requested again. */
export function takePrefetchedAgent(id: string): Promise<Agent> | undefined {
  const response = pending?.id === id ? pending.response : undefined;
  pending = undefined;
  return response;
}

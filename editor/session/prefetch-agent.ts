/** An agent that is asked for before the page that shows it has been loaded. */
import type { Agent } from "../../server/contract/agent.ts";
import { api } from "../api/api.ts";

let asked: { id: string; answer: Promise<Agent> } | undefined;

/** Asks the server; `takeEarlyAgent` gives the answer, once. */
export function prefetchAgent(id: string): void {
  const answer = api.agents.get(id);
  // Who takes it is told of a failure; where nobody does, there is nobody to tell.
  answer.catch(() => undefined);
  asked = { id, answer };
}

/** The answer that was asked for early, or undefined: an agent that is opened again is read anew. */
export function takePrefetchedAgent(id: string): Promise<Agent> | undefined {
  const taken = asked?.id === id ? asked.answer : undefined;
  asked = undefined;
  return taken;
}

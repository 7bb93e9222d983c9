/** Opens an agent: its stores with the server, the browser's storage and the system clock. */
import { ApiError, api } from "../api/api.ts";
import { takePrefetchedAgent } from "./prefetch-agent.ts";
import { type AgentApi, SaveRefused, systemClock } from "./save.ts";
import { createWorkbench, type Workbench } from "./workbench.ts";

/** Rejects with the server's error, or when the server cannot be reached. */
export async function openAgent(id: string, signal: AbortSignal): Promise<Workbench> {
  const agent = await (takePrefetchedAgent(id) ?? api.agents.get(id, signal));
  signal.throwIfAborted();
  const workbench = createWorkbench(
    id,
    { revision: agent.revision, graph: agent.graph, issues: agent.issues },
    {
      agentApi: agentApi(id),
      storage: localStorage,
      clock: systemClock,
      frame: (call) => requestAnimationFrame(call),
      newId: () => crypto.randomUUID(),
      propose: (request, stop) => api.propose(request, stop),
      server: {
        runSaved: (request, stop) => api.agents.run(id, request, stop),
        runGraph: (request, stop) => api.runs.start(request, stop),
        follow: (run, after, stop) => api.runs.follow(run, after, stop),
        sessionRuns: async (session, stop) => (await api.runs.list({ session }, stop)).map((run) => run.id),
        events: (run, stop) =>
          api.runs.events(run, stop).catch((error: unknown) => {
            if (error instanceof ApiError && error.status === 404) return undefined;
            throw error;
          }),
        answer: (run, answer) => api.runs.answer(run, [answer]),
        cancel: (run) => api.runs.cancel(run),
      },
    },
  );
  void workbench.conversation.load();
  return workbench;
}

function agentApi(id: string): AgentApi {
  const get = async () => {
    const { revision, graph } = await api.agents.get(id);
    return { revision, graph };
  };
  return {
    get,
    async put(graph, revision) {
      try {
        return { saved: (await api.agents.save(id, graph, revision)).revision };
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (error.status === 409) return { newer: await get() };
        // A 4xx is final, except an expired sign-in (401) and a rate limit (429): these are retried.
        if (error.status >= 400 && error.status < 500 && error.status !== 401 && error.status !== 429)
          throw new SaveRefused(error.message);
        throw error;
      }
    },
  };
}

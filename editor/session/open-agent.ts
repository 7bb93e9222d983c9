/** Opens an agent: its stores, made over the server, the browser's storage and its clock. */
import { ApiError, api } from "../api/api.ts";
import { takePrefetchedAgent } from "./prefetch-agent.ts";
import { type AgentApi, type Clock, SaveRefused } from "./save.ts";
import { createWorkbench, type Workbench } from "./workbench.ts";

const clock: Clock = {
  now: Date.now,
  after(ms, call) {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};

/** Rejects with what the server says where there is no such agent, or it cannot be reached. */
export async function openAgent(id: string, signal: AbortSignal): Promise<Workbench> {
  const agent = await (takePrefetchedAgent(id) ?? api.agents.get(id, signal));
  signal.throwIfAborted();
  return createWorkbench(
    id,
    { revision: agent.revision, graph: agent.graph, issues: agent.issues },
    {
      agentApi: agentApi(id),
      storage: localStorage,
      clock,
      frame: (call) => requestAnimationFrame(call),
      newId: () => crypto.randomUUID(),
      propose: (request, stop) => api.propose(request, stop),
      server: {
        runSaved: (request, stop) => api.agents.run(id, request, stop),
        runGraph: (request, stop) => api.runs.start(request, stop),
        follow: (run, after, stop) => api.runs.follow(run, after, stop),
        answer: (run, answer) => api.runs.answer(run, [answer]),
        cancel: (run) => api.runs.cancel(run),
      },
    },
  );
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
        // The server is there and says no. A sign-in that ran out is fixed by signing in; it is asked again then.
        if (error.status >= 400 && error.status < 500 && error.status !== 401 && error.status !== 429)
          throw new SaveRefused(error.message);
        throw error;
      }
    },
  };
}

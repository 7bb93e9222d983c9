/** Opens a past run: the graph that ran, frozen, and the state of the run. Nothing is saved or stored. */
import { api } from "../api/api.ts";
import { followRun } from "../api/follow-run.ts";
import { SaveRefused } from "./save.ts";
import { createWorkbench, type Workbench } from "./workbench.ts";

/** Rejects with the server's error when the run does not exist or its graph is not stored. */
export async function openPastRun(run: string, signal: AbortSignal): Promise<Workbench> {
  const { graph } = await api.runs.graph(run, signal);
  const refuse = () => Promise.reject(new SaveRefused("A past run cannot be changed."));
  const workbench = createWorkbench(
    `run:${run}`,
    { revision: 0, graph },
    {
      agentApi: { get: async () => ({ revision: 0, graph }), put: refuse },
      storage: { getItem: () => null, setItem: () => {}, removeItem: () => {} },
      clock: { now: Date.now, after: () => () => {} },
      frame: (call) => requestAnimationFrame(call),
      newId: () => crypto.randomUUID(),
      propose: refuse,
      server: {
        runSaved: nothing,
        runGraph: nothing,
        follow: (id, after, stop) => api.runs.follow(id, after, stop),
        sessionRuns: async () => [],
        events: async () => undefined,
        answer: refuse,
        cancel: (id) => api.runs.cancel(id),
      },
    },
  );
  workbench.document.freeze(true);
  workbench.panels.setState({ inspect: "run", left: false });
  return workbench;
}

/** Shows the run's events on the canvas, and follows the run to its end. Rejects when it cannot be read. */
export async function followPastRun(workbench: Workbench, run: string, signal: AbortSignal): Promise<void> {
  const { live } = workbench;
  await followRun(api.runs.follow(run, undefined, signal), {
    signal,
    reopen: (id, after) => api.runs.follow(id, after, signal),
    onLost: () => live.setLost(true),
    onItem: (item) => live.push(item),
  });
  live.settle();
}

async function* nothing(): AsyncGenerator<never> {}

/** Opens a past run: its graph as it was then, frozen, with the state of the run. It cannot be saved. */
import type { Graph } from "../../runtime/graph.ts";
import { api } from "../api/api.ts";
import { followRun } from "../api/follow-run.ts";
import { type DraftStorage, SaveRefused } from "./save.ts";
import { createWorkbench, type Workbench } from "./workbench.ts";

/** Rejects with what the server says where there is no such run, or its graph was not kept. */
export async function openPastRun(run: string, signal: AbortSignal): Promise<Workbench> {
  const { graph } = await api.runs.graph(run, signal);
  return pastWorkbench(run, graph);
}

function pastWorkbench(run: string, graph: Graph): Workbench {
  const refuse = () => Promise.reject(new SaveRefused("A past run is not changed."));
  const workbench = createWorkbench(
    `run:${run}`,
    { revision: 0, graph },
    {
      agentApi: { get: async () => ({ revision: 0, graph }), put: refuse },
      storage: forgetful(),
      clock: { now: Date.now, after: () => () => {} },
      frame: (call) => requestAnimationFrame(call),
      newId: () => crypto.randomUUID(),
      propose: refuse,
      server: {
        runSaved: nothing,
        runGraph: nothing,
        follow: (id, after, stop) => api.runs.follow(id, after, stop),
        answer: refuse,
        cancel: (id) => api.runs.cancel(id),
      },
    },
  );
  workbench.document.freeze(true);
  workbench.panels.setState({ inspect: "run", left: false });
  return workbench;
}

/** Reads the run's events onto the canvas, and follows it while it goes on. Rejects where it cannot be read. */
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

/** Nothing of a past run is remembered in the browser. */
function forgetful(): DraftStorage {
  return { getItem: () => null, setItem: () => {}, removeItem: () => {} };
}

/** Runs the tests of an agent: two at a time, each as a run without a session and without pins. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { type ErrorData, errorData } from "../../runtime/error.ts";
import type { RunInput } from "../../runtime/event.ts";
import type { GraphTest } from "../../runtime/graph.ts";
import { followRun } from "../api/follow-run.ts";
import type { ConversationDeps } from "./conversation.ts";
import { foldAll, newRunState, type RunState } from "./run-state.ts";

export interface TestResult {
  /** The state of the run so far. */
  runState?: RunState;
  /** Why the run did not start, or was lost. */
  error?: ErrorData;
}

export interface TestRunsState {
  /** By `testKey`, so that a changed expectation is compared with the same run. */
  results: ReadonlyMap<string, TestResult>;
  /** Absent when no tests run. */
  progress?: { done: number; count: number };
}

export interface TestRuns extends StoreApi<TestRunsState> {
  /** Resolves when all have ended, wait for a person, or are cancelled. Does nothing while other tests run. */
  run(tests: readonly GraphTest[]): Promise<void>;
  /** Cancels the running tests and does not start the others. */
  cancel(): void;
}

export const testKey = (test: GraphTest): string => JSON.stringify(test.input);

const AT_ONCE = 2;

export function createTestRuns(deps: Pick<ConversationDeps, "save" | "graph" | "now" | "pause" | "server">): TestRuns {
  const { server } = deps;
  const store = createStore<TestRunsState>(() => ({ results: new Map() }));
  let abort: AbortController | undefined;

  const set = (key: string, result: TestResult | undefined) =>
    store.setState(({ results }) => {
      const next = new Map(results);
      if (result) next.set(key, result);
      else next.delete(key);
      return { results: next };
    });

  async function runOne(test: GraphTest, saved: boolean, signal: AbortSignal): Promise<void> {
    const key = testKey(test);
    const input: RunInput = { message: "", ...test.input };
    let runState = newRunState(deps.now());
    set(key, { runState });
    const stop = () => {
      if (runState.view.id !== "") void Promise.resolve(server.cancel(runState.view.id)).catch(() => {});
    };
    signal.addEventListener("abort", stop, { once: true });
    try {
      await followRun(
        saved ? server.runSaved({ input }, signal) : server.runGraph({ graph: deps.graph(), input }, signal),
        {
          signal,
          untilWait: true,
          pause: deps.pause,
          reopen: (run, after) => server.follow(run, after, signal),
          onItem: (item) => {
            if (item.type === "delta") return;
            runState = foldAll(runState, [item]);
            set(key, { runState });
          },
        },
      );
    } catch (error) {
      if (signal.aborted) set(key, undefined);
      else set(key, { error: errorData(error), ...(runState.view.id !== "" && { runState }) });
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  return Object.assign(store, {
    async run(tests: readonly GraphTest[]) {
      if (abort || tests.length === 0) return;
      const own = new AbortController();
      abort = own;
      store.setState({ progress: { done: 0, count: tests.length } });
      try {
        const saved = await deps.save();
        const queue = [...tests];
        const work = async () => {
          for (let test = queue.shift(); test && !own.signal.aborted; test = queue.shift()) {
            await runOne(test, saved, own.signal);
            store.setState(({ progress }) => (progress ? { progress: { ...progress, done: progress.done + 1 } } : {}));
          }
        };
        await Promise.all(Array.from({ length: AT_ONCE }, work));
      } finally {
        abort = undefined;
        store.setState({ progress: undefined });
      }
    },
    cancel() {
      abort?.abort();
    },
  });
}

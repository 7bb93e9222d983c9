import type { RunItem, WaitDecision } from "../../runtime/event.ts";
import type { Graph } from "../../runtime/graph.ts";
import type { RunResult } from "../contract/run.ts";

/** The caller of a run; it decides what the run may access. */
export interface RunCaller {
  /** Id of the agent key; absent for the admin. */
  key?: string;
  session?: string;
  user?: string;
  idempotency?: { id: string; body: string };
}

/** What a run executes: a published version, a saved draft, or an unsaved graph. */
export type RunTarget = { slug: string; version?: number } | { agent: string } | { graph: Graph };

export interface Runs {
  /**
   * Starts a run (or finds the one with the same idempotency id). Resolves when execution has begun. `accepted` resolves
   * when the first event is stored, `done` when the run ends or waits. Rejects with `not_found`, `bad_request` (input),
   * `graph_has_issues`, `conflict` (a turn of this session runs; same idempotency id, other body), `queue_full`,
   * `rate_limited`, `quota_exceeded` (the daily quota of the key).
   */
  start(
    target: RunTarget,
    input: Record<string, unknown>,
    caller?: RunCaller,
    options?: {
      pins?: Record<string, Record<string, unknown>>;
      range?: { to?: string; from?: string; only?: string };
      fork?: { run: string; node: string };
      /** An ended run of the same session and key: its turn and all later ones leave the conversation. */
      replaces?: string;
      /** A reader will follow the run: text is streamed from the first word. */
      stream?: boolean;
      /** The caller waits for `accepted`: the first event is stored at once. */
      eager?: boolean;
      /** The caller is part of the server: it may send an earlier conversation for a key. */
      trusted?: boolean;
    },
  ): Promise<{ id: string; done: Promise<RunResult>; accepted: Promise<void> }>;
  /** The current state. Rejects with `not_found`. `key`: only runs of that key are found. */
  get(id: string, key?: string): Promise<RunResult>;
  /**
   * Stored events after `after`, then new ones, with streamed text. Ends after a terminal event, when the run only waits
   * for people and `untilWait` is set, or when the signal aborts. A slow reader delays only itself.
   */
  follow(
    id: string,
    options: { after?: number; untilWait?: boolean; deltas?: boolean; signal: AbortSignal },
  ): AsyncIterable<RunItem>;
  /** No model or tool call starts after it resolves. A run that has ended is not changed. */
  cancel(id: string): Promise<RunResult>;
  /** Applies decisions to waits. Rejects with `not_found`, `gone` (expired), `conflict` (decided differently before). */
  answer(id: string, answers: WaitDecision[]): Promise<{ id: string; done: Promise<RunResult> }>;
  /** Starts a new run with the outputs of all nodes before `node`. `outputs` replaces the outputs of `node` itself. */
  fork(
    id: string,
    node: string,
    outputs?: Record<string, unknown>,
  ): Promise<{ id: string; done: Promise<RunResult>; accepted: Promise<void> }>;
}

import type { RunItem, WaitDecision } from "../../runtime/event.ts";
import type { Graph } from "../../runtime/graph.ts";
import type { RunResult } from "../contract/run.ts";

/** Who asks for a run: decides what it may reach and see. */
export interface RunCaller {
  /** Id of the agent key; absent for the admin. */
  key?: string;
  session?: string;
  user?: string;
  idempotency?: { id: string; body: string };
}

/** What a run is of: a published version, a saved draft, or a graph that is not saved. */
export type RunTarget = { slug: string; version?: number } | { agent: string } | { graph: Graph };

export interface Runs {
  /**
   * Starts a run (or finds the one with the same idempotency id). Resolves when it is accepted, which is when
   * execution began; `done` resolves when it ends or waits. Rejects with `not_found`, `bad_request` (input),
   * `graph_has_issues`, `conflict` (a turn of this session runs; same idempotency id, other body), `queue_full`, `rate_limited`,
   * `quota_exceeded` (what the key may use a day).
   */
  start(
    target: RunTarget,
    input: Record<string, unknown>,
    caller?: RunCaller,
    options?: {
      pins?: Record<string, Record<string, unknown>>;
      range?: { to?: string; from?: string; only?: string };
      fork?: { run: string; node: string };
      /** Somebody will follow it: text on its way is made from the first word. */
      stream?: boolean;
      /** `accepted` is waited for: the first event is written at once. */
      eager?: boolean;
      /** The caller is our own: it may bring a conversation although it speaks for a key. */
      trusted?: boolean;
    },
  ): Promise<{ id: string; done: Promise<RunResult>; accepted: Promise<void> }>;
  /** Where it stands now. Rejects with `not_found`. `key`: only that key's own runs are found. */
  get(id: string, key?: string): Promise<RunResult>;
  /**
   * Stored events after `after`, then live ones, with text on its way; ends after a terminal event, at the first
   * wait when `untilWait`, or when the signal aborts. A slow reader costs nothing but its own delay.
   */
  follow(
    id: string,
    options: { after?: number; untilWait?: boolean; deltas?: boolean; signal: AbortSignal },
  ): AsyncIterable<RunItem>;
  /** No new model or tool call starts after it resolves. Nothing happens to a run that has ended. */
  cancel(id: string): Promise<RunResult>;
  /** Rejects with `not_found`, `gone` (expired), `conflict` (answered before, or by other words). */
  answer(id: string, answers: WaitDecision[]): Promise<{ id: string; done: Promise<RunResult> }>;
  /** A new run with the values of all that came before `node`, and `outputs` in place of that node's own. */
  fork(
    id: string,
    node: string,
    outputs?: Record<string, unknown>,
  ): Promise<{ id: string; done: Promise<RunResult>; accepted: Promise<void> }>;
}

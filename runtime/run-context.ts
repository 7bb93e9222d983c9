/** The state of a running run: one `RunContext` for the run, one `Frame` for its graph and for each body. */
import type { Budget } from "./budget.ts";
import type { CompiledGraph } from "./compile.ts";
import type { EventBody, Scope, Wait, WaitRequest } from "./event.ts";
import type { Host } from "./host.ts";
import type { Journal } from "./journal.ts";
import type { NodeTable, RunFacts, Values } from "./node.ts";
import type { PendingWork } from "./pending-work.ts";

/** Shared by all frames of a run. */
export interface RunContext {
  readonly id: string;
  readonly host: Host;
  readonly nodes: NodeTable;
  readonly journal: Journal;
  readonly pendingWork: PendingWork;
  readonly budget: Budget;
  readonly user?: string;
  append(body: EventBody): Promise<void>;
  /** `runFrame` of `frame.ts`, so that a step can run a body without an import circle. */
  runFrame(frame: Frame): Promise<Values>;
  /** The wait of a node under this key. Its `run-wait` event is written the first time only. */
  openWait(scope: Scope, node: string, key: string, request: WaitRequest): Promise<Wait>;
}

/** A graph that runs: the agent's own, or a body. */
export interface Frame {
  context: RunContext;
  graph: CompiledGraph;
  scope: Scope;
  facts: RunFacts;
  /** Its output is the run's reply, or part of it. */
  feedsReply: boolean;
  /** Aborted when a node fails for good or the run is cancelled; every node's signal. */
  controller: AbortController;
  pins?: Record<string, Values>;
  range?: { to?: string; from?: string; only?: string };
  /** A node inside began (1) or ended (-1) to wait for a person. */
  onWait?(change: 1 | -1): void;
  /** The node whose failure ended the frame. */
  failedNode?: string;
}

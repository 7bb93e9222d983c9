/** Options and result of `execute`. */
import type { Limits } from "./budget.ts";
import type { CompiledGraph } from "./compile.ts";
import type { ErrorData } from "./error.ts";
import type { BodyOf, RunEvent, RunOutput, RunUsage, Wait, WaitDecision } from "./event.ts";
import type { Host } from "./host.ts";
import type { NodeTable } from "./node.ts";

export interface ExecuteOptions {
  /** The run's id. */
  run: string;
  graph: CompiledGraph;
  /** All node types, for graphs inside configs. */
  nodes: NodeTable;
  host: Host;
  /** Cancels the run: `run-cancel` follows at once, without waiting for nodes. An `internal` error as reason fails it. */
  signal: AbortSignal;
  /** The body of `run-start`. Ignored on resume: the log has its own. */
  start: Omit<BodyOf<"run-start">, "type">;
  /** The log so far, from seq 0. */
  past?: readonly RunEvent[];
  /** Decisions on the waits of a parked run; stored in `run-resume`. */
  decisions?: WaitDecision[];
  limits?: Partial<Limits>;
}

export interface RunOutcome {
  status: "done" | "failed" | "cancelled" | "waiting" | "uncertain";
  output?: RunOutput;
  error?: ErrorData;
  /** The waits without a decision. */
  waits?: Wait[];
}

export interface Execution {
  /** The run is accepted: its first event is on disk. Rejects when it could not be stored. */
  accepted: Promise<void>;
  /** Usage so far. It grows during the run. */
  readonly usage: RunUsage;
  /** Resolves when the run ended or is parked; its last event is on disk. Never rejects. */
  outcome: Promise<RunOutcome>;
  /**
   * Decides waits of a live run. Resolves with true when the decisions are on disk and the run continues. Resolves with
   * false, and writes nothing, when the run is parked or over: resume it with the decisions after `outcome` has settled.
   */
  decide(decisions: WaitDecision[]): Promise<boolean>;
}

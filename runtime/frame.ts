/** One level of a run: a graph, the agent's own or a body, whose nodes run as soon as they can. */

import type { CompiledGraph } from "./compile.ts";
import { type ErrorCode, errorData, PatchbayError } from "./error.ts";
import type { EventBody, Scope } from "./event.ts";
import type { RunContext } from "./execute.ts";
import { findLastEvent } from "./journal.ts";
import type { RunFacts, Values } from "./node.ts";
import { Parked } from "./pending-work.ts";
import { type NextNodes, Plan, type Selection } from "./plan.ts";
import type { CompiledNode } from "./resolve.ts";
import { NodeStep } from "./step.ts";

export interface Frame {
  context: RunContext;
  graph: CompiledGraph;
  scope: Scope;
  facts: RunFacts;
  /** What reaches its output is (part of) the run's answer. */
  feedsReply: boolean;
  /** Aborted when a node fails for good or the run is cancelled; every node's signal. */
  controller: AbortController;
  pins?: Record<string, Values>;
  range?: { to?: string; from?: string; only?: string };
  /** Tells the node around that something in here began (1) or ended (-1) to wait for a person. */
  onWait?(change: 1 | -1): void;
  failedNode?: string;
}

/**
 * Runs all nodes of a level. The caller holds a token of the run's activity and has it back when this settles.
 * Resolves with what reached the output node. Rejects with the first failure, with `Parked`, or with the abort's reason;
 * after an abort it does not wait for nodes that do not listen.
 */
export function runFrame(level: Frame): Promise<Values> {
  const { pendingWork: activity } = level.context;
  const { signal } = level.controller;
  const plan = new Plan(level.graph.nodes, selectionOf(level));
  return new Promise<Values>((resolve, reject) => {
    let running = 0;
    let result: Values = {};
    let parked = false;
    let over = false;

    const settle = () => {
      over = true;
      signal.removeEventListener("abort", onAbort);
      if (signal.aborted) reject(signal.reason);
      else if (parked) reject(new Parked());
      else resolve(result);
    };
    // The caller's token comes back first, so that handing over never looks like idleness.
    const onAbort = () => {
      if (over) return;
      activity.acquire();
      settle();
    };
    const launch = (moves: NextNodes) => {
      for (const node of moves.skip) emitSkip(level, node, "node-skip");
      for (const node of moves.start) {
        running++;
        activity.acquire();
        runNode(level, node, plan.inputs(node)).then(
          (values) => {
            if (!over) {
              if (node.definition.role === "output") result = values;
              else if (level.range && isTarget(level, node)) result = { reply: values };
              try {
                launch(plan.settle(node, values));
              } catch (bug) {
                level.controller.abort(bug);
              }
            }
            leave();
          },
          (reason: unknown) => {
            if (reason instanceof Parked) parked = true;
            else if (!signal.aborted) {
              level.failedNode = node.id;
              level.controller.abort(reason);
            }
            leave();
          },
        );
      }
    };
    const leave = () => {
      running--;
      if (running === 0 && !over) settle();
      else activity.release();
    };

    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) return settle();
    launch(plan.begin());
    if (running === 0) settle();
    else activity.release();
  });
}

function emitSkip(level: Frame, node: CompiledNode, type: "node-skip"): void {
  if (findLastEvent(level.context.journal.eventsOf(level.scope, node.id), type)) return;
  emit(level, { type, node: node.id });
}

/** Appends without waiting: a failed write aborts the run by itself. */
function emit(level: Frame, body: Extract<EventBody, { node: string; scope?: Scope }>): void {
  level.context.append(level.scope.length ? { ...body, scope: level.scope } : body).catch(() => {});
}

async function runNode(level: Frame, node: CompiledNode, inputs: Values): Promise<Values> {
  const past = level.context.journal.eventsOf(level.scope, node.id);
  if (past.length > 0) {
    const done = findLastEvent(past, "node-end");
    if (done) return done.outputs;
    const failed = findLastEvent(past, "node-fail", (event) => event.next !== "retry");
    if (failed?.next === "branch") return { error: failed.error };
    if (failed) throw new PatchbayError(failed.error.code, failed.error.message);
  }
  const pinned = level.pins?.[node.id];
  if (pinned) {
    emit(level, { type: "node-end", node: node.id, outputs: pinned, pinned: true });
    return pinned;
  }

  let attempt = 1;
  for (const event of past) if (event.type === "node-fail") attempt++;
  const step = new NodeStep(level, node, inputs, past);
  for (
    let started = past.some((event) => event.type === "node-start" && (event.attempt ?? 1) === attempt);
    ;
    started = false
  ) {
    if (!started)
      emit(
        level,
        attempt === 1 ? { type: "node-start", node: node.id } : { type: "node-start", node: node.id, attempt },
      );
    step.attempt = attempt;
    try {
      const outputs = await node.definition.run!(step);
      level.controller.signal.throwIfAborted();
      emit(
        level,
        step.grounding
          ? { type: "node-end", node: node.id, outputs, grounding: step.grounding }
          : { type: "node-end", node: node.id, outputs },
      );
      return outputs;
    } catch (thrown) {
      if (thrown instanceof Parked || level.controller.signal.aborted) throw thrown;
      const error = errorData(thrown);
      const retriesLeft = (node.retry?.times ?? 0) - (attempt - 1);
      if (retriesLeft > 0 && !FINAL.has(error.code)) {
        const retryInMs = Math.min(node.retry!.waitMs * 2 ** (attempt - 1), 600_000);
        emit(level, { type: "node-fail", node: node.id, error, attempt, next: "retry", retryInMs });
        await level.context.host.sleep(retryInMs, level.controller.signal);
        attempt++;
        continue;
      }
      const next = node.onError;
      emit(level, { type: "node-fail", node: node.id, error, ...(attempt > 1 ? { attempt } : {}), next });
      if (next === "branch") return { error };
      throw thrown;
    }
  }
}

/** Failures that trying again cannot mend. */
const FINAL: ReadonlySet<ErrorCode> = new Set([
  "cancelled",
  "step_limit",
  "tool_call_limit",
  "token_limit",
  "cost_limit",
  "time_limit",
  "nesting_limit",
  "quota_exceeded",
  "forbidden",
  "graph_has_issues",
  "auth_failed",
  "context_overflow",
  "secret_missing",
  "model_missing",
  "knowledge_missing",
  "rejected",
  "storage_full",
]);

function isTarget(level: Frame, node: CompiledNode): boolean {
  return node.id === level.range?.to || node.id === level.range?.only;
}

/** What of the graph takes part: all, or what the range asks for; and which nodes have pinned outputs. */
function selectionOf(level: Frame): Selection {
  const { range, pins } = level;
  const fixed = pins ? (node: CompiledNode) => pins[node.id] !== undefined : undefined;
  if (!range?.to && !range?.from && !range?.only) return fixed ? { pinned: fixed } : {};
  const byId = new Map(level.graph.nodes.map((node) => [node.id, node]));
  const inside = new Set<CompiledNode>();
  const walk = (node: CompiledNode | undefined, next: (node: CompiledNode) => CompiledNode[]) => {
    if (!node || inside.has(node)) return;
    inside.add(node);
    for (const one of next(node)) walk(one, next);
  };
  if (range.only) walk(byId.get(range.only), () => []);
  // What is pinned needs nothing before it.
  if (range.to) walk(byId.get(range.to), (node) => (fixed?.(node) ? [] : node.incoming.map((edge) => edge.from)));
  if (range.from) walk(byId.get(range.from), (node) => node.outgoing.map((edge) => edge.to));
  return { includes: (node) => inside.has(node), ...(fixed ? { pinned: fixed } : {}) };
}

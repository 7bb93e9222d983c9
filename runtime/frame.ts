/** Runs one frame: the agent's graph or a body. Its nodes start as soon as their inputs are settled. */

import { type ErrorCode, errorData, PatchbayError } from "./error.ts";
import type { EventBody, Scope } from "./event.ts";
import { findLastEvent } from "./journal.ts";
import type { Values } from "./node.ts";
import { Parked } from "./pending-work.ts";
import { type NextNodes, Plan, type Selection } from "./plan.ts";
import type { CompiledNode } from "./resolve.ts";
import type { Frame } from "./run-context.ts";
import { NodeStep } from "./step.ts";

/**
 * Runs all nodes of a frame. The caller passes its count of the run's pending work, and has it again when this settles.
 * Resolves with the inputs of the output node. Rejects with the first failure, with `Parked`, or with the abort's reason.
 * After an abort it does not wait for nodes that ignore their signal.
 */
export function runFrame(frame: Frame): Promise<Values> {
  const { pendingWork } = frame.context;
  const { signal } = frame.controller;
  const plan = new Plan(frame.graph.nodes, selectionOf(frame));
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
    // On behalf of the caller, before the nodes release theirs: an aborted run must not look idle.
    const onAbort = () => {
      if (over) return;
      pendingWork.acquire();
      settle();
    };
    const launch = (next: NextNodes) => {
      for (const node of next.skip) emitSkip(frame, node);
      for (const node of next.start) {
        running++;
        pendingWork.acquire();
        runNode(frame, node, plan.inputs(node)).then(
          (values) => {
            if (!over) {
              if (node.definition.role === "output") result = values;
              else if (frame.range && isTarget(frame, node)) result = { reply: values };
              try {
                launch(plan.settle(node, values));
              } catch (bug) {
                frame.controller.abort(bug);
              }
            }
            leave();
          },
          (reason: unknown) => {
            if (reason instanceof Parked) parked = true;
            else if (!signal.aborted) {
              frame.failedNode = node.id;
              frame.controller.abort(reason);
            }
            leave();
          },
        );
      }
    };
    const leave = () => {
      running--;
      if (running === 0 && !over) settle();
      else pendingWork.release();
    };

    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) return settle();
    launch(plan.begin());
    if (running === 0) settle();
    else pendingWork.release();
  });
}

function emitSkip(frame: Frame, node: CompiledNode): void {
  if (findLastEvent(frame.context.journal.eventsOf(frame.scope, node.id), "node-skip")) return;
  emit(frame, { type: "node-skip", node: node.id });
}

/** Appends without waiting. A failed write aborts the run. */
function emit(frame: Frame, body: Extract<EventBody, { node: string; scope?: Scope }>): void {
  frame.context.append(frame.scope.length ? { ...body, scope: frame.scope } : body).catch(() => {});
}

async function runNode(frame: Frame, node: CompiledNode, inputs: Values): Promise<Values> {
  const past = frame.context.journal.eventsOf(frame.scope, node.id);
  if (past.length > 0) {
    const done = findLastEvent(past, "node-end");
    if (done) return done.outputs;
    const failed = findLastEvent(past, "node-fail", (event) => event.next !== "retry");
    if (failed?.next === "branch") return { error: failed.error };
    if (failed) throw new PatchbayError(failed.error.code, failed.error.message);
  }
  const pinned = frame.pins?.[node.id];
  if (pinned) {
    emit(frame, { type: "node-end", node: node.id, outputs: pinned, pinned: true });
    return pinned;
  }

  let attempt = 1;
  for (const event of past) if (event.type === "node-fail") attempt++;
  const step = new NodeStep(frame, node, inputs, past);
  for (
    let started = past.some((event) => event.type === "node-start" && (event.attempt ?? 1) === attempt);
    ;
    started = false
  ) {
    if (!started)
      emit(
        frame,
        attempt === 1 ? { type: "node-start", node: node.id } : { type: "node-start", node: node.id, attempt },
      );
    step.attempt = attempt;
    try {
      const outputs = await node.definition.run!(step);
      frame.controller.signal.throwIfAborted();
      emit(
        frame,
        step.grounding
          ? { type: "node-end", node: node.id, outputs, grounding: step.grounding }
          : { type: "node-end", node: node.id, outputs },
      );
      return outputs;
    } catch (thrown) {
      if (thrown instanceof Parked || frame.controller.signal.aborted) throw thrown;
      const error = errorData(thrown);
      const retriesLeft = (node.retry?.times ?? 0) - (attempt - 1);
      if (retriesLeft > 0 && !FINAL.has(error.code)) {
        const retryInMs = Math.min(node.retry!.waitMs * 2 ** (attempt - 1), 600_000);
        emit(frame, { type: "node-fail", node: node.id, error, attempt, next: "retry", retryInMs });
        await frame.context.host.sleep(retryInMs, frame.controller.signal);
        attempt++;
        continue;
      }
      const next = node.onError;
      emit(frame, { type: "node-fail", node: node.id, error, ...(attempt > 1 ? { attempt } : {}), next });
      if (next === "branch") return { error };
      throw thrown;
    }
  }
}

/** Failures that a retry cannot fix. */
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

function isTarget(frame: Frame, node: CompiledNode): boolean {
  return node.id === frame.range?.to || node.id === frame.range?.only;
}

/** The nodes to run (all, or those in the range), and those with pinned outputs. */
function selectionOf(frame: Frame): Selection {
  const { range, pins } = frame;
  const isPinned = pins ? (node: CompiledNode) => pins[node.id] !== undefined : undefined;
  if (!range?.to && !range?.from && !range?.only) return isPinned ? { pinned: isPinned } : {};
  const byId = new Map(frame.graph.nodes.map((node) => [node.id, node]));
  const inside = new Set<CompiledNode>();
  const walk = (node: CompiledNode | undefined, next: (node: CompiledNode) => CompiledNode[]) => {
    if (!node || inside.has(node)) return;
    inside.add(node);
    for (const one of next(node)) walk(one, next);
  };
  if (range.only) walk(byId.get(range.only), () => []);
  // A pinned node needs no node before it.
  if (range.to) walk(byId.get(range.to), (node) => (isPinned?.(node) ? [] : node.incoming.map((edge) => edge.from)));
  if (range.from) walk(byId.get(range.from), (node) => node.outgoing.map((edge) => edge.to));
  return { includes: (node) => inside.has(node), ...(isPinned ? { pinned: isPinned } : {}) };
}

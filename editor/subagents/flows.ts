/** What can be said of a graph's flow before it runs: what stays idle without a value, and which values always come. */
import { Plan } from "../../runtime/plan.ts";
import type { CompiledEdge, CompiledNode } from "../../runtime/resolve.ts";

/** Ids of the nodes that may run when these values ("node.port") are not there and all others are: the rule is the run's own. */
export function runsWithout(nodes: readonly CompiledNode[], missing: ReadonlySet<string>): ReadonlySet<string> {
  const plan = new Plan([...nodes]);
  const queue = plan.begin().start;
  for (const node of queue) {
    const given = node.outputs.filter((port) => !missing.has(`${node.id}.${port.id}`));
    queue.push(...plan.settle(node, Object.fromEntries(given.map((port) => [port.id, true]))).start);
  }
  return new Set(queue.map((node) => node.id));
}

/** Types that may run for nothing, or not, without anybody noticing. */
export const HARMLESS: ReadonlySet<string> = new Set(["input", "note", "prompt", "tool"]);

/** Types that give all of their outputs whenever they end well. */
const WHOLE: ReadonlySet<string> = new Set(["prompt", "llm", "retriever", "tool", "action", "http"]);

/** Tells of an edge whether it brings a value in every run that does not fail. Says no where that is not plain. */
export function alwaysTaken(): (edge: CompiledEdge) => boolean {
  const known = new Map<CompiledNode, boolean>();
  const runs = (node: CompiledNode): boolean => {
    const found = known.get(node);
    if (found !== undefined) return found;
    // A circle would ask without end: nothing on it is sure.
    known.set(node, false);
    const sure = node.incoming.filter(taken);
    const wired = node.inputs.filter((port) => node.incoming.some((edge) => edge.toPort === port.id));
    const result =
      node.incoming.length === 0 ||
      (sure.length > 0 && wired.every((port) => port.optional || sure.some((edge) => edge.toPort === port.id)));
    known.set(node, result);
    return result;
  };
  const taken = ({ from, fromPort }: CompiledEdge): boolean =>
    from.onError === "fail" && (from.type === "input" ? fromPort === "message" : WHOLE.has(from.type)) && runs(from);
  return taken;
}

/** Whether an output's `documents` come only where its `reply` comes too, so that the two can be told apart from the pair. */
export function repliesWithDocuments(
  nodes: readonly CompiledNode[],
  reply: readonly CompiledEdge[],
  documents: readonly CompiledEdge[],
): boolean {
  if (reply.some(alwaysTaken())) return true;
  const silent = runsWithout(nodes, new Set(reply.map((edge) => `${edge.from.id}.${edge.fromPort}`)));
  return documents.every((edge) => !silent.has(edge.from.id));
}

/** Static analysis of the data flow: which nodes stay idle without a value, and which values always arrive. */
import { Plan } from "../../runtime/plan.ts";
import type { CompiledEdge, CompiledNode } from "../../runtime/resolve.ts";

/** Ids of the nodes that may run when these values ("node.port") are absent and all others are present, by the rules of a run. */
export function runsWithout(nodes: readonly CompiledNode[], missing: ReadonlySet<string>): ReadonlySet<string> {
  const plan = new Plan([...nodes]);
  const queue = plan.begin().start;
  for (const node of queue) {
    const given = node.outputs.filter((port) => !missing.has(`${node.id}.${port.id}`));
    queue.push(...plan.settle(node, Object.fromEntries(given.map((port) => [port.id, true]))).start);
  }
  return new Set(queue.map((node) => node.id));
}

/** Returns whether an edge carries a value in every run that does not fail; false when that is not certain. */
export function alwaysTaken(nodes: readonly CompiledNode[]): (edge: CompiledEdge) => boolean {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const sure = new Set<CompiledNode>();
  const taken = ({ from, fromPort }: CompiledEdge): boolean =>
    from.onError === "fail" && isCertain(from, fromPort) && sure.has(from);
  // In execution order, so that the sources of a node come before it.
  for (const id of runsWithout(nodes, new Set())) {
    const node = byId.get(id)!;
    const ports = new Set(node.incoming.filter(taken).map((edge) => edge.toPort));
    const connected = node.inputs.filter((port) => node.incoming.some((edge) => edge.toPort === port.id));
    if (connected.length === 0 || (ports.size > 0 && connected.every((port) => port.optional || ports.has(port.id))))
      sure.add(node);
  }
  return taken;
}

function isCertain({ definition: { certainOutputs } }: CompiledNode, port: string): boolean {
  return certainOutputs === "all" || certainOutputs?.includes(port) === true;
}

/** Whether an output's `documents` arrive only together with its `reply`. */
export function repliesWithDocuments(
  nodes: readonly CompiledNode[],
  reply: readonly CompiledEdge[],
  documents: readonly CompiledEdge[],
): boolean {
  if (reply.some(alwaysTaken(nodes))) return true;
  const silent = runsWithout(nodes, new Set(reply.map((edge) => `${edge.from.id}.${edge.fromPort}`)));
  return documents.every((edge) => !silent.has(edge.from.id));
}

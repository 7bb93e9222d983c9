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

/** Tells of an edge whether it brings a value in every run that does not fail. Says no where that is not plain. */
export function alwaysTaken(nodes: readonly CompiledNode[]): (edge: CompiledEdge) => boolean {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const sure = new Set<CompiledNode>();
  const taken = ({ from, fromPort }: CompiledEdge): boolean =>
    from.onError === "fail" && isCertain(from, fromPort) && sure.has(from);
  // In the order in which they would run: what a node hangs on comes before it.
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

/** Whether an output's `documents` come only where its `reply` comes too, so that the two can be told apart from the pair. */
export function repliesWithDocuments(
  nodes: readonly CompiledNode[],
  reply: readonly CompiledEdge[],
  documents: readonly CompiledEdge[],
): boolean {
  if (reply.some(alwaysTaken(nodes))) return true;
  const silent = runsWithout(nodes, new Set(reply.map((edge) => `${edge.from.id}.${edge.fromPort}`)));
  return documents.every((edge) => !silent.has(edge.from.id));
}

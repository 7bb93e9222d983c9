/** The order of a graph's nodes, and its cycles. */
import type { CompiledNode } from "./resolve.ts";

/** Kahn's algorithm; ties in file order. Nodes on or after a cycle are left out. */
export function topological(nodes: CompiledNode[]): CompiledNode[] {
  const unsettled = new Map(nodes.map((node) => [node, node.incoming.length]));
  const order = nodes.filter((node) => node.incoming.length === 0);
  for (const node of order)
    for (const edge of node.outgoing) {
      const left = unsettled.get(edge.to)! - 1;
      unsettled.set(edge.to, left);
      if (left === 0) order.push(edge.to);
    }
  return order;
}

/** The nodes of one cycle, in edge order. Every node of `nodes` must have a predecessor among them. */
export function findCycle(nodes: CompiledNode[]): CompiledNode[] {
  const inside = new Set(nodes);
  const path: CompiledNode[] = [];
  const position = new Map<CompiledNode, number>();
  // Walking backwards must meet itself.
  let node = nodes[0]!;
  while (!position.has(node)) {
    position.set(node, path.length);
    path.push(node);
    node = node.incoming.find((edge) => inside.has(edge.from))!.from;
  }
  return path.slice(position.get(node)).reverse();
}

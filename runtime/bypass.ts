/** Nodes that are switched off. A bypassed node does not run: its main input passes to its main output. */
import { ERROR_PORT, edgeFit } from "./port.ts";
import type { CompiledEdge, CompiledNode, Resolved } from "./resolve.ts";

export interface Bypassed extends Omit<Resolved, "issues"> {
  /** By the end of an edge ("node.port") that gets no value any more: the title of the bypassed node. */
  cut: ReadonlyMap<string, string>;
}

/**
 * The graph as it runs, without its bypassed nodes. The main output is the first; the main input is the one that the type
 * passes through, else the first with an edge whose value fits what the output is connected to.
 */
export function passBypassed({ nodes, edges }: Omit<Resolved, "issues">): Bypassed {
  const off = nodes.filter((node) => node.bypass);
  const cut = new Map<string, string>();
  if (off.length === 0) return { nodes, edges, cut };
  let all = edges;
  for (const node of off) {
    const into = all.filter((edge) => edge.to === node);
    const outOf = all.filter((edge) => edge.from === node);
    const output = node.outputs.find((port) => port.id !== ERROR_PORT.id)?.id;
    const taken = outOf.filter((edge) => edge.fromPort === output);
    const passed = mainInput(node, into, taken).flatMap((source) =>
      taken.map((target) => ({ ...target, from: source.from, fromPort: source.fromPort })),
    );
    for (const { to, toPort } of outOf)
      if (!passed.some((edge) => edge.to === to && edge.toPort === toPort)) cut.set(`${to.id}.${toPort}`, node.title);
    all = [...all.filter((edge) => edge.from !== node && edge.to !== node), ...passed];
  }
  // Edge order is the order of the values of a port with many edges.
  all = [...all].sort((a, b) => a.index - b.index);
  const kept = nodes.filter((node) => !node.bypass);
  for (const node of kept) {
    node.incoming = all.filter((edge) => edge.to === node);
    node.outgoing = all.filter((edge) => edge.from === node);
    node.feedsReply = node.outgoing.some((edge) => edge.to.definition.role === "output" && edge.toPort === "reply");
  }
  return { nodes: kept, edges: all, cut };
}

/** The edges of the main input; none when no input fits. */
function mainInput(node: CompiledNode, into: CompiledEdge[], outOf: CompiledEdge[]): CompiledEdge[] {
  const { passThrough } = node.definition;
  const ports = [...node.inputs].sort((a, b) => Number(b.id === passThrough) - Number(a.id === passThrough));
  for (const port of ports) {
    const edges = into.filter((edge) => edge.toPort === port.id);
    const fits = edges.every((source) =>
      outOf.every((target) => edgeFit(kindOf(source, "from"), kindOf(target, "to")) !== "no"),
    );
    if (edges.length > 0 && fits) return edges;
  }
  return [];
}

function kindOf(edge: CompiledEdge, side: "from" | "to") {
  const port =
    side === "from"
      ? edge.from.outputs.find((one) => one.id === edge.fromPort)
      : edge.to.inputs.find((one) => one.id === edge.toPort);
  return port?.kind ?? "any";
}

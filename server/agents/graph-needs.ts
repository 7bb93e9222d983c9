/** What a graph and the graphs in its nodes name outside of themselves, as they write it. */
import { secretsIn } from "../../runtime/check-needs.ts";
import type { Graph } from "../../runtime/graph.ts";
import type { NodeTable } from "../../runtime/node.ts";
import { resolve } from "../../runtime/resolve.ts";

export interface GraphNeeds {
  models: Set<string>;
  tools: Set<string>;
  knowledge: Set<string>;
  secrets: Set<string>;
  agents: Set<string>;
}

/** Empty names, of nodes that are not set up yet, are left out. */
export function graphNeeds(graph: Graph, nodes: NodeTable): GraphNeeds {
  const found: GraphNeeds = {
    models: new Set(),
    tools: new Set(),
    knowledge: new Set(),
    secrets: new Set(graph.nodes.flatMap((node) => secretsIn(node.config))),
    agents: new Set(),
  };
  const walk = (one: Graph) => {
    for (const { definition, config } of resolve(one, nodes).nodes) {
      const needs = definition.needs?.(config) ?? {};
      for (const key of ["models", "tools", "knowledge", "secrets"] as const)
        for (const name of needs[key] ?? []) if (name !== "") found[key].add(name);
      for (const { agent } of needs.agents ?? []) if (agent !== "") found.agents.add(agent);
      for (const body of definition.bodies?.(config) ?? []) walk(body.graph);
    }
  };
  walk(graph);
  return found;
}

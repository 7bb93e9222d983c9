/** Prepares a graph to run: looks up nodes, parses configs, resolves edges. Done once, at publish or at the first run of a draft. */
import { inputFields } from "./agent-ports.ts";
import { examine } from "./check.ts";
import { PatchbayError } from "./error.ts";
import type { Field } from "./field.ts";
import type { Graph, RunnableGraph } from "./graph.ts";
import { graphHash } from "./identity.ts";
import type { Issue } from "./issue.ts";
import type { CheckContext, NodeTable } from "./node.ts";
import type { CompiledNode } from "./resolve.ts";

export interface CompiledGraph extends RunnableGraph {
  /** In topological order, without notes. */
  nodes: CompiledNode[];
  /** The fields that the input node declares beside the message. */
  fields: Field[];
  warnings: Issue[];
}

/**
 * Checks a graph and prepares it to run. Throws `graph_has_issues` with all issues when it has errors. The graph is kept
 * and not copied: do not change it afterwards.
 */
export function compile(graph: Graph, nodes: NodeTable, context: CheckContext = {}): CompiledGraph {
  const { issues, order } = examine(graph, nodes, context);
  const errors = issues.filter((issue) => issue.severity === "error");
  if (errors.length > 0)
    throw new PatchbayError(
      "graph_has_issues",
      errors.length === 1
        ? `"${graph.name}" cannot run: ${errors[0]!.message}`
        : `"${graph.name}" cannot run: ${errors.length} issues, the first: ${errors[0]!.message}`,
      { issues },
    );
  return { graph, hash: graphHash(graph, nodes), nodes: order, fields: inputFields(graph, nodes), warnings: issues };
}

/** A runnable graph as the executor reads it. Throws `TypeError` when it does not come from `compile`. */
export function asCompiled(graph: RunnableGraph): CompiledGraph {
  if (!("nodes" in graph)) throw new TypeError(`"${graph.graph.name}" is not compiled.`);
  return graph as CompiledGraph;
}

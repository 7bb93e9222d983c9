/** The node types that this editor knows: the list of `nodes/`. */
import { definitions, nodes as table } from "../../nodes/index.ts";
import type { GraphNode } from "../../runtime/graph.ts";
import type { NodeDefinition, NodeRole } from "../../runtime/node.ts";

export { definitions, table };

/** The first type of a role: what the editor adds where it needs one. */
export function definitionOf(role: NodeRole): NodeDefinition {
  const found = definitions.find((definition) => definition.role === role);
  if (!found) throw new TypeError(`No node type has the role ${role}.`);
  return found;
}

/** A node of the first type of a role, without its id. */
export function freshOf(role: NodeRole): Omit<GraphNode, "id"> {
  const { type, version } = definitionOf(role);
  return { type, version, config: {} };
}

export const roleOf = (node: Pick<GraphNode, "type">): NodeRole | undefined => table.get(node.type)?.role;

/** The node types that this editor knows: the list of `nodes/`. */
import { definitions, nodes as table } from "../../nodes/index.ts";
import type { GraphNode } from "../../runtime/graph.ts";
import type { NodeRole } from "../../runtime/node.ts";

export { definitions, table };

export const roleOf = (node: Pick<GraphNode, "type">): NodeRole | undefined => table.get(node.type)?.role;

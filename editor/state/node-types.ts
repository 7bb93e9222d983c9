/** The node types that this editor knows: the one list of `nodes/`. */
import { nodes } from "../../nodes/index.ts";
import type { NodeDefinition } from "../../runtime/node.ts";
import { nodeTable } from "../../runtime/resolve.ts";

export const definitions: readonly NodeDefinition[] = nodes;
export const table = nodeTable(definitions);

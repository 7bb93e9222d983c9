/** The node types of this editor: those of `nodes/`, and those that the server adds (`addNodeType`). */
import { definitions as builtIn } from "../../nodes/index.ts";
import type { GraphNode } from "../../runtime/graph.ts";
import type { NodeDefinition, NodeRole, NodeTable } from "../../runtime/node.ts";

const known = [...builtIn];
const byType = new Map(known.map((definition) => [definition.type, definition]));

/** In the order of the palette. Complete before a page is drawn. */
export const definitions: readonly NodeDefinition[] = known;
export const table: NodeTable = byType;

/** Adds a type that the server loaded from outside `nodes/`. */
export function addNodeType(definition: NodeDefinition): void {
  if (byType.has(definition.type)) throw new TypeError(`The node type "${definition.type}" already exists.`);
  known.push(definition);
  byType.set(definition.type, definition);
}

/** The first type with a role. Throws when no type has it. */
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

/** The inputs and outputs of an agent, for other agents, callers and the editor. */
import { z } from "zod";
import { Field, fieldPorts } from "./field.ts";
import type { Graph } from "./graph.ts";
import type { NodeTable } from "./node.ts";
import type { Ports } from "./port.ts";

const Fields = z.array(Field);

/** The fields that the input node declares beside the message. Empty without an input node, or when they are invalid. */
export function inputFields({ nodes }: Pick<Graph, "nodes">, table: NodeTable): Field[] {
  const input = nodes.find((node) => table.get(node.type)?.role === "input");
  const fields = Fields.safeParse((input?.config as { fields?: unknown } | null | undefined)?.fields);
  return fields.success ? fields.data : [];
}

/** Whether the graph uses the files of a message: the `files` port of its input node is connected. */
export function readsFiles({ nodes, edges }: Pick<Graph, "nodes" | "edges">, table: NodeTable): boolean {
  const input = nodes.find((node) => table.get(node.type)?.role === "input");
  return input !== undefined && edges.some((edge) => edge.from === `${input.id}.files`);
}

/** The ports of a node that calls an agent with these fields. A required field must be connected. */
export function portsWithFields(fields: readonly Field[]): Ports {
  return {
    inputs: [
      { id: "message", kind: "text" },
      { id: "history", kind: "messages", optional: true },
      { id: "files", kind: "files", optional: true },
      ...fieldPorts(fields),
    ],
    outputs: [
      { id: "reply", kind: "any" },
      { id: "documents", kind: "documents", optional: true },
    ],
  };
}

export const agentPorts = (graph: Pick<Graph, "nodes">, table: NodeTable): Ports =>
  portsWithFields(inputFields(graph, table));

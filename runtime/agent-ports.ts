/** What an agent takes and gives where another one calls it: the canvas, the check and the run go by the same. */
import { z } from "zod";
import { Field, fieldPorts } from "./field.ts";
import type { Graph } from "./graph.ts";
import type { Ports } from "./port.ts";

const Fields = z.array(Field);

/** Its input's outputs, a field as a port that must be wired where it is required; what reaches its output. */
export function agentPorts({ nodes }: Pick<Graph, "nodes">): Ports {
  const config = nodes.find((node) => node.type === "input")?.config as { fields?: unknown } | null | undefined;
  const fields = Fields.safeParse(config?.fields);
  return {
    inputs: [
      { id: "message", kind: "text" },
      { id: "history", kind: "messages", optional: true },
      { id: "files", kind: "files", optional: true },
      ...fieldPorts(fields.success ? fields.data : []),
    ],
    outputs: [
      { id: "reply", kind: "any" },
      { id: "documents", kind: "documents", optional: true },
    ],
  };
}

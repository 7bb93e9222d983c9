/** Who gets the files of a message. */
import type { CompiledGraph } from "./compile.ts";

/**
 * `none`: the `files` port of the input node is not connected. `models`: only these models, without tools that could take
 * a file. `any`: a node that takes any file.
 */
export function fileReaders({ nodes }: Pick<CompiledGraph, "nodes">): "none" | "any" | { models: string[] } {
  const edges = nodes.filter((node) => node.definition.role === "input").flatMap((node) => node.outgoing);
  const readers = edges.filter((edge) => edge.fromPort === "files").map((edge) => edge.to);
  if (readers.length === 0) return "none";
  const models = readers.map((node) => {
    const hasTools = node.incoming.some(({ from, fromPort }) =>
      from.outputs.some((port) => port.id === fromPort && port.kind === "tools"),
    );
    return hasTools ? [] : (node.definition.needs?.(node.config as never).models ?? []);
  });
  return models.some((names) => names.length === 0) ? "any" : { models: [...new Set(models.flat())] };
}

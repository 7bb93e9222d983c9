import { edgeEnd, type Graph } from "../../runtime/graph.ts";
import { matchesTool } from "../../runtime/tool.ts";
import { lookup } from "../graph/lookup.ts";
import type { PortReader } from "../graph/ports.ts";
import { useCatalogue, useGraph, useReader } from "../hooks/use-workbench.ts";
import type { ToolEntry } from "../session/catalogue.ts";

export interface ToolOverflow {
  /** The number of tools offered to a connected model, if that is more than its limit. */
  offered: number;
  /** How many of them the model sees at a time. */
  limit: number;
}

/** The lowest limit among the models that a tools node is connected to; undefined if all tools fit. */
export function useToolOverflow(node: string): ToolOverflow | undefined {
  const tools = useCatalogue((state) => state.tools);
  const reader = useReader();
  const graph = useGraph((one) => one);
  return toolOverflow(graph, reader, tools, node);
}

export function toolOverflow(
  graph: Graph,
  reader: PortReader,
  tools: readonly Pick<ToolEntry, "name">[],
  id: string,
): ToolOverflow | undefined {
  const at = lookup(graph);
  let tight: ToolOverflow | undefined;
  for (const edge of at.outOf(id)) {
    const model = at.node(edgeEnd(edge.to).node);
    const config = model && reader.config(model);
    const limit = config && reader.definition(model)?.toolLimit?.(config);
    if (!model || limit === undefined) continue;
    const names = new Set<string>();
    for (const other of at.into(model.id)) {
      const source = at.node(edgeEnd(other.from).node);
      const given = source && reader.config(source);
      if (!given || !reader.ports(source).outputs.some((port) => port.kind === "tools")) continue;
      for (const pattern of reader.definition(source)?.needs?.(given).tools ?? [])
        for (const tool of tools) if (matchesTool(pattern, tool.name)) names.add(tool.name);
    }
    if (names.size > limit && (!tight || limit < tight.limit)) tight = { offered: names.size, limit };
  }
  return tight;
}

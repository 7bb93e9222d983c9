/**
 * Copy and paste. A copied selection is itself an agent file, so it can be pasted into another tab, another instance or a
 * text editor, and any agent file can be pasted here.
 */
import { edgeEnd, emptyGraph, type Graph, serializeGraph } from "../../runtime/graph.ts";
import type { Issue } from "../../runtime/issue.ts";
import { parseAgentFile } from "../../runtime/parse.ts";
import { boundsOf } from "./boxes.ts";
import { type Command, createIdSource } from "./commands.ts";

/** The selected nodes with the edges between them, as the text of an agent file. */
export const copyText = (graph: Graph, selected: ReadonlySet<string>): string =>
  serializeGraph(fragmentOf(graph, selected));

function fragmentOf(graph: Graph, selected: ReadonlySet<string>): Graph {
  const nodes = graph.nodes.filter((node) => selected.has(node.id));
  const edges = graph.edges.filter(
    (edge) => selected.has(edgeEnd(edge.from).node) && selected.has(edgeEnd(edge.to).node),
  );
  const layout = Object.fromEntries(
    nodes.flatMap((node) => (graph.layout[node.id] ? [[node.id, graph.layout[node.id]!]] : [])),
  );
  const groups = graph.groups.filter((group) => group.nodes.length > 0 && group.nodes.every((id) => selected.has(id)));
  return { ...emptyGraph("-"), name: graph.name, nodes, edges, groups, layout };
}

export type Pasted = { command: Command; ids: string[] } | { issues: Issue[] };

/**
 * The command that pastes a text. Ids that exist get a number, edges between pasted nodes are kept, and the top left
 * corner is at `position`. Returns the issues of a text that is not an agent file.
 */
export function pasteText(graph: Graph, text: string, position: { x: number; y: number }): Pasted {
  const parsed = parseAgentFile(text);
  if (!parsed.graph) return { issues: parsed.issues };
  return pasteGraph(graph, parsed.graph, position);
}

export function pasteGraph(
  graph: Graph,
  piece: Graph,
  position: { x: number; y: number },
  label: "paste" | "duplicate" = "paste",
): { command: Command; ids: string[] } {
  const newId = createIdSource(graph.nodes.map((node) => node.id));
  const names = new Map(piece.nodes.map(({ id }) => [id, newId(id)]));
  const corner = topLeft(piece);
  const nodes = piece.nodes.map((node) => ({ ...node, id: names.get(node.id)! }));
  const edges = piece.edges.flatMap((edge) => {
    const from = edgeEnd(edge.from);
    const to = edgeEnd(edge.to);
    const source = names.get(from.node);
    const target = names.get(to.node);
    return source && target ? [{ ...edge, from: `${source}.${from.port}`, to: `${target}.${to.port}` }] : [];
  });
  const layout: Graph["layout"] = {};
  piece.nodes.forEach((node, index) => {
    const old = piece.layout[node.id] ?? { x: corner.x + index * 260, y: corner.y };
    layout[names.get(node.id)!] = {
      ...old,
      x: Math.round(position.x + old.x - corner.x),
      y: Math.round(position.y + old.y - corner.y),
    };
  });
  const newGroupId = createIdSource(graph.groups.map((group) => group.id));
  const groups = piece.groups.map((group) => ({
    ...group,
    id: newGroupId(group.id),
    nodes: group.nodes.flatMap((node) => names.get(node) ?? []),
  }));
  return {
    ids: [...names.values()],
    command: {
      label,
      run: (current) =>
        nodes.length === 0
          ? current
          : {
              ...current,
              nodes: [...current.nodes, ...nodes],
              edges: edges.length ? [...current.edges, ...edges] : current.edges,
              groups: groups.length ? [...current.groups, ...groups] : current.groups,
              layout: { ...current.layout, ...layout },
            },
    },
  };
}

/** A copy of the selected nodes beside them, with the edges between them. */
export function duplicate(graph: Graph, selected: ReadonlySet<string>): { command: Command; ids: string[] } {
  const piece = fragmentOf(graph, selected);
  const corner = topLeft(piece);
  return pasteGraph(graph, piece, { x: corner.x + 28, y: corner.y + 44 }, "duplicate");
}

function topLeft(piece: Graph): { x: number; y: number } {
  const positions = piece.nodes.flatMap((node) => piece.layout[node.id] ?? []);
  return boundsOf(positions) ?? { x: 0, y: 0 };
}

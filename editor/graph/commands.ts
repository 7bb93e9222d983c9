/**
 * Every edit of a graph as a pure `Graph → Graph` function. A command that changes nothing returns the same graph object.
 * Unchanged parts keep their identity, so that only changed parts are rendered again.
 */
import * as edit from "../../runtime/edit.ts";
import { isObject } from "../../runtime/foreign-json.ts";
import {
  type Graph,
  type GraphEdge,
  type GraphNode,
  type Group,
  NODE_ID,
  type NodePosition,
  type Settings,
} from "../../runtime/graph.ts";
import { edgeKey, lookup } from "./lookup.ts";
import { roleOf } from "./node-types.ts";

/** The name of a step in the history; the i18n key is `canvas:label.<label>`. */
export type CommandLabel =
  | "add"
  | "remove"
  | "move"
  | "config"
  | "title"
  | "bypass"
  | "node"
  | "connect"
  | "disconnect"
  | "insert"
  | "paste"
  | "duplicate"
  | "layout"
  | "settings"
  | "group"
  | "fix"
  | "replace"
  | "restore"
  | "build"
  | "body"
  | "pin"
  | "test"
  | "text"
  | "replaceNode"
  | "encapsulate"
  | "unpack";

export interface Command {
  label: CommandLabel;
  /** Consecutive commands of one group are one step of the history when they follow within a moment (keystrokes, arrow keys). */
  group?: string;
  run(graph: Graph): Graph;
}

/** An id that is not taken: `llm`, `llm-2`, `llm-3`… */
export function freeId(wanted: string, taken: { has(id: string): boolean }): string {
  const plain = wanted
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, 56);
  const base = NODE_ID.test(plain) ? plain : "node";
  if (!taken.has(base)) return base;
  const stem = base.replace(/-\d+$/, "") || "node";
  for (let n = 2; ; n++) if (!taken.has(`${stem}-${n}`)) return `${stem}-${n}`;
}

export function addNode(node: GraphNode, position: NodePosition, edges: GraphEdge[] = []): Command {
  return {
    label: "add",
    run: (graph) => edit.addNode(graph, node, position, edges),
  };
}

/** Removes nodes and edges; with a node its edges, its position and its membership in groups. */
export function remove(nodes: ReadonlySet<string>, edges: ReadonlySet<string> = new Set()): Command {
  return {
    label: "remove",
    run: (graph) => edit.remove(graph, nodes, (edge) => edges.has(edgeKey(edge))),
  };
}

export function move(positions: Record<string, { x: number; y: number }>, group?: string): Command {
  return {
    label: "move",
    group,
    run(graph) {
      const layout = { ...graph.layout };
      let changed = false;
      for (const [id, position] of Object.entries(positions)) {
        const old = graph.layout[id];
        const next = { ...old, x: Math.round(position.x), y: Math.round(position.y) };
        if (old && old.x === next.x && old.y === next.y) continue;
        layout[id] = next;
        changed = true;
      }
      return changed ? { ...graph, layout } : graph;
    },
  };
}

/** Sets the position and size of a note, rounded to whole pixels. */
export function resize(id: string, { x, y, width, height }: Required<NodePosition>): Command {
  const box = { x: Math.round(x), y: Math.round(y), width: Math.round(width), height: Math.round(height) };
  return {
    label: "move",
    group: `size:${id}`,
    run: (graph) => ({ ...graph, layout: { ...graph.layout, [id]: box } }),
  };
}

/** Sets one key of a node's config; `undefined` removes the key, so that its default applies. */
export function setConfig(id: string, key: string, value: unknown): Command {
  return {
    label: "config",
    group: `config:${id}:${key}`,
    run: (graph) =>
      edit.changeNode(graph, id, (node) => {
        const config = isObject(node.config) ? node.config : {};
        if (value === undefined) {
          if (!(key in config)) return node;
          const { [key]: _gone, ...rest } = config;
          return { ...node, config: rest };
        }
        return Object.is(config[key], value) ? node : { ...node, config: { ...config, [key]: value } };
      }),
  };
}

export function setWholeConfig(id: string, config: unknown): Command {
  return {
    label: "config",
    group: `config:${id}`,
    run: (graph) => edit.changeNode(graph, id, (node) => ({ ...node, config })),
  };
}

/** Changes a node's settings outside its config. An empty title, and `undefined`, remove the key. */
export function setNode(
  id: string,
  change: Partial<Pick<GraphNode, "title" | "retry" | "onError" | "version">>,
): Command {
  const keys = Object.keys(change) as (keyof typeof change)[];
  return {
    label: keys.length === 1 && keys[0] === "title" ? "title" : "node",
    group: `node:${id}:${keys.join()}`,
    run: (graph) =>
      edit.changeNode(graph, id, (node) => {
        const next: Record<string, unknown> = { ...node };
        for (const key of keys) {
          const value = change[key];
          if (value === undefined || value === "") delete next[key];
          else next[key] = value;
        }
        return next as unknown as GraphNode;
      }),
  };
}

/** Switches nodes off, or on again when all of them are off. An input, an output and a note cannot be off. */
export function toggleBypass(ids: ReadonlySet<string>): Command {
  return {
    label: "bypass",
    run(graph) {
      const chosen = graph.nodes.filter((node) => ids.has(node.id) && canBypass(node));
      const off = !chosen.every((node) => node.bypass);
      return chosen.reduce(
        (next, { id }) =>
          edit.changeNode(next, id, (node) => {
            if ((node.bypass === true) === off) return node;
            const { bypass: _old, ...rest } = node;
            return off ? { ...rest, bypass: true } : rest;
          }),
        graph,
      );
    },
  };
}

export function canBypass(node: GraphNode): boolean {
  const role = roleOf(node);
  return role !== "input" && role !== "output" && role !== "annotation";
}

/** Gives an id for each wanted one; none is in `taken`, and none is given twice. */
export function createIdSource(taken: Iterable<string>): (wanted: string) => string {
  const used = new Set(taken);
  return (wanted) => {
    const id = freeId(wanted, used);
    used.add(id);
    return id;
  };
}

/** Adds an edge between existing nodes, and removes the edges in `instead`. */
export function connect(edge: GraphEdge, instead: ReadonlySet<string> = new Set()): Command {
  return {
    label: "connect",
    run(graph) {
      if (!edit.canAdd(graph, edge)) return graph;
      return edit.connect(
        edit.remove(graph, undefined, (other) => instead.has(edgeKey(other))),
        edge,
      );
    },
  };
}

/** Replaces the edge `old`, whose index the new one keeps, and removes the edges in `instead`. */
export function reconnect(old: string, edge: GraphEdge, instead: ReadonlySet<string> = new Set()): Command {
  return {
    label: "connect",
    run(graph) {
      if (!edit.canAdd(graph, edge)) return graph;
      const kept = graph.edges.filter((other) => edgeKey(other) === old || !instead.has(edgeKey(other)));
      return { ...graph, edges: kept.map((other) => (edgeKey(other) === old ? edge : other)) };
    },
  };
}

/** Adds edges again that `edge` replaced, and removes it. */
export function disconnectInstead(edge: GraphEdge, replaced: readonly GraphEdge[]): Command {
  return {
    label: "disconnect",
    run(graph) {
      const without = edit.remove(graph, undefined, (other) => edgeKey(other) === edgeKey(edge));
      return replaced.reduce((next, one) => (edit.canAdd(next, one) ? edit.connect(next, one) : next), without);
    },
  };
}

/** Inserts a node into an edge, which becomes one edge to the node and one from it. `moved`: nodes that make room. */
export function insertOnEdge(
  old: string,
  node: GraphNode,
  position: NodePosition,
  way: { input: string; output: string },
  moved: Record<string, { x: number; y: number }> = {},
): Command {
  return {
    label: "insert",
    run(graph) {
      const edge = graph.edges.find((other) => edgeKey(other) === old);
      if (!edge) return addNode(node, position).run(graph);
      const roomy = move(moved).run(graph);
      return {
        ...roomy,
        nodes: [...roomy.nodes, node],
        edges: roomy.edges.flatMap((other) =>
          other === edge
            ? [
                { from: edge.from, to: `${node.id}.${way.input}` },
                { from: `${node.id}.${way.output}`, to: edge.to },
              ]
            : [other],
        ),
        layout: { ...roomy.layout, [node.id]: position },
      };
    },
  };
}

/** Sets many positions at once (auto-layout, align). */
export function setLayout(positions: Record<string, { x: number; y: number }>): Command {
  return { ...move(positions), label: "layout" };
}

export function setSettings(change: Partial<Settings>): Command {
  return {
    label: "settings",
    group: `settings:${Object.keys(change).join()}`,
    run(graph) {
      const settings: Settings = { ...graph.settings, ...change };
      for (const key of Object.keys(change) as (keyof Settings)[])
        if (settings[key] === undefined) delete settings[key];
      return { ...graph, settings };
    },
  };
}

export function setAbout(change: { name?: string; description?: string }): Command {
  return {
    label: "settings",
    group: `about:${Object.keys(change).join()}`,
    run: (graph) => (change.name?.trim() === "" ? graph : { ...graph, ...change }),
  };
}

/** Groups the existing ones of these nodes; a node is in one group at most. */
export function group(id: string, nodes: string[], title: string): Command {
  return {
    label: "group",
    run(graph) {
      const there = nodes.filter((node) => lookup(graph).node(node));
      const members = new Set(there);
      if (members.size === 0) return graph;
      const others = graph.groups
        .map((other) => ({ ...other, nodes: other.nodes.filter((node) => !members.has(node)) }))
        .filter((other) => other.nodes.length > 0);
      return { ...graph, groups: [...others, { id, title, nodes: [...members] }] };
    },
  };
}

export function setGroup(id: string, change: Partial<Pick<Group, "title" | "color">> | "remove"): Command {
  return {
    label: "group",
    group: change === "remove" ? undefined : `group:${id}`,
    run: (graph) => ({
      ...graph,
      groups:
        change === "remove"
          ? graph.groups.filter((other) => other.id !== id)
          : graph.groups.map((other) => (other.id === id ? { ...other, ...change } : other)),
    }),
  };
}

/** Replaces the whole graph: from the JSON panel, a restored version, or the other graph of a conflict. */
export function replaceGraph(
  next: Graph,
  label: "replace" | "restore" | "fix" = "replace",
  groupKey?: string,
): Command {
  return { label, group: groupKey, run: (graph) => (next === graph ? graph : next) };
}

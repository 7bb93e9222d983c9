/** Looks up each node's definition, config and ports and each edge's ends, and reports what cannot be resolved. */
import { edgeEnd, type Graph, type Retry } from "./graph.ts";
import { type Issue, type IssueCode, pointer } from "./issue.ts";
import type { NodeDefinition, NodeTable, PortContext } from "./node.ts";
import { fromZod } from "./parse.ts";
import { ERROR_PORT, type Port } from "./port.ts";

export function nodeTable(definitions: readonly NodeDefinition[]): NodeTable {
  return new Map(definitions.map((definition) => [definition.type, definition]));
}

export interface CompiledEdge {
  from: CompiledNode;
  fromPort: string;
  to: CompiledNode;
  toPort: string;
  /** Its index in the graph's `edges`. */
  index: number;
}

export interface CompiledNode {
  id: string;
  type: string;
  title: string;
  definition: NodeDefinition;
  config: unknown;
  inputs: Port[];
  /** With the `error` port where `onError` is `branch`. */
  outputs: Port[];
  /** `Ports.open`: the ports that edges name are included. */
  open: boolean;
  /** In edge order. */
  incoming: CompiledEdge[];
  outgoing: CompiledEdge[];
  retry?: Retry;
  onError: "fail" | "branch";
  /** It does not run; see `bypass.ts`. */
  bypass: boolean;
  /** An output is connected to `output.reply`. */
  feedsReply: boolean;
  /** Its index in the graph's `nodes`. */
  index: number;
}

export interface Resolved {
  nodes: CompiledNode[];
  edges: CompiledEdge[];
  issues: Issue[];
}

/** Resolves what can be resolved; the rest is left out and becomes an issue. Never throws on a well-formed graph. */
export function resolve(graph: Graph, table: NodeTable, context: PortContext = {}): Resolved {
  const issues: Issue[] = [];
  const byId = new Map<string, CompiledNode>();
  const unresolved = new Set<string>();
  const add = (code: IssueCode, message: string, path: string, more: Partial<Issue> = {}) =>
    issues.push({ severity: "error", code, message, path, ...more });

  graph.nodes.forEach((node, index) => {
    const path = pointer("nodes", index);
    if (byId.has(node.id) || unresolved.has(node.id)) {
      add("duplicate-id", `Two nodes have the id "${node.id}".`, `${path}/id`, {
        node: node.id,
        fix: "Rename one of them.",
      });
      return;
    }
    const definition = table.get(node.type);
    if (!definition || node.version > definition.version) {
      unresolved.add(node.id);
      if (node.bypass) return;
      if (!definition)
        add("unknown-type", `This version does not know the node type "${node.type}".`, `${path}/type`, {
          node: node.id,
          fix: "Update Patchbay, or replace the node. It is kept as it is until then.",
        });
      else
        add(
          "unknown-version",
          `"${node.id}" is version ${node.version} of ${node.type}; this version knows up to ${definition.version}.`,
          `${path}/version`,
          { node: node.id, fix: "Update Patchbay, or replace the node. It is kept as it is until then." },
        );
      return;
    }
    const parsed = definition.config.safeParse(upgradeConfig(definition, node.version, node.config));
    // The config of a bypassed node is not used: it may be wrong.
    const config = parsed.success || !node.bypass ? parsed : definition.config.safeParse({});
    if (!config.success) {
      unresolved.add(node.id);
      for (const found of config.error.issues.slice(0, 20))
        for (const one of fromZod(found, `${path}/config`))
          issues.push({ ...one, code: one.code === "bad-value" ? "bad-config" : one.code, node: node.id });
      return;
    }
    const ports = definition.ports(config.data, context);
    const title = node.title || definition.title;
    byId.set(node.id, {
      id: node.id,
      type: node.type,
      title,
      definition,
      config: config.data,
      inputs: [...ports.inputs],
      outputs: [...ports.outputs, ...(node.onError === "branch" ? [ERROR_PORT] : [])],
      open: ports.open === true || node.bypass === true,
      incoming: [],
      outgoing: [],
      ...(node.retry ? { retry: node.retry } : {}),
      onError: node.onError ?? "fail",
      bypass: node.bypass === true && definition.role !== "input" && definition.role !== "output",
      feedsReply: false,
      index,
    });
  });

  const edges: CompiledEdge[] = [];
  const seen = new Set<string>();
  graph.edges.forEach((edge, index) => {
    const path = pointer("edges", index);
    const ends = { from: edgeEnd(edge.from), to: edgeEnd(edge.to) };
    const key = `${edge.from} ${edge.to}`;
    if (seen.has(key)) {
      add("duplicate-edge", `The connection from ${edge.from} to ${edge.to} exists twice.`, path, {
        node: ends.to.node,
        port: ends.to.port,
        fix: "Remove one of the two.",
      });
      return;
    }
    seen.add(key);
    let isResolved = true;
    for (const side of ["from", "to"] as const) {
      const { node: id, port } = ends[side];
      if (unresolved.has(id)) {
        isResolved = false;
        continue;
      }
      const node = byId.get(id);
      const ports = side === "from" ? node?.outputs : node?.inputs;
      if (node && ports?.some((one) => one.id === port)) continue;
      if (node?.open) {
        ports?.push({ id: port, kind: "any", optional: true });
        continue;
      }
      isResolved = false;
      const noun = side === "from" ? "output" : "input";
      if (!node)
        add("unknown-node", `A connection names the node "${id}", which does not exist.`, `${path}/${side}`, {
          fix: "Remove the connection.",
        });
      else
        add(
          "unknown-port",
          `${node.title} has no ${noun} "${port}"${ports?.length ? `; it has ${ports.map((one) => one.id).join(", ")}` : ""}.`,
          `${path}/${side}`,
          { node: id, port, fix: "Connect it to another port, or remove the connection." },
        );
    }
    if (!isResolved) return;
    const from = byId.get(ends.from.node)!;
    const to = byId.get(ends.to.node)!;
    const resolved = { from, fromPort: ends.from.port, to, toPort: ends.to.port, index };
    edges.push(resolved);
    from.outgoing.push(resolved);
    to.incoming.push(resolved);
    if (to.definition.role === "output" && resolved.toPort === "reply") from.feedsReply = true;
  });
  return { nodes: [...byId.values()], edges, issues };
}

/** Upgrades a config to the definition's version. */
export function upgradeConfig(definition: NodeDefinition, version: number, config: unknown): unknown {
  let result = config;
  for (let from = version; from < definition.version; from++)
    result = definition.upgrades?.[from - 1]?.(result) ?? result;
  return result;
}

/** The names of the models that a graph uses, without those of bodies. */
export function modelsIn(graph: Graph, table: NodeTable): Set<string> {
  return new Set(
    resolve(graph, table).nodes.flatMap(({ definition, config, bypass }) =>
      bypass ? [] : (definition.needs?.(config).models ?? []),
    ),
  );
}

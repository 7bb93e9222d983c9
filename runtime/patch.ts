/**
 * A patch to a graph. A model proposes it, and a person accepts it part by part. Rejected parts are left out; a later part
 * that does not apply without them is reported.
 */

import { z } from "zod";
import { addNode, changeNode, connect, remove, same } from "./edit.ts";
import { edgeEnd, type Graph, type GraphNode, NODE_ID } from "./graph.ts";
import type { NodeTable } from "./node.ts";
import { parseGraph } from "./parse.ts";
import { ERROR_PORT } from "./port.ts";

const End = z.string().regex(/^[^.]+\.[^.]+$/);

export const PatchPart = z.discriminatedUnion("do", [
  z.object({
    do: z.literal("add-node"),
    id: z.string().regex(NODE_ID),
    type: z.string(),
    title: z.string().max(200).optional(),
    config: z.record(z.string(), z.unknown()).default({}),
  }),
  z.object({ do: z.literal("remove-node"), id: z.string() }),
  /** Sets keys of a node's config; the others stay. */
  z.object({ do: z.literal("set-config"), id: z.string(), config: z.record(z.string(), z.unknown()) }),
  z.object({ do: z.literal("set-title"), id: z.string(), title: z.string().max(200) }),
  z.object({ do: z.literal("add-edge"), from: End, to: End }),
  z.object({ do: z.literal("remove-edge"), from: End, to: End }),
  z.object({
    do: z.literal("set-about"),
    name: z.string().min(1).max(200).optional(),
    description: z.string().max(4000).optional(),
  }),
  z.object({ do: z.literal("set-settings"), settings: z.record(z.string(), z.unknown()) }),
]);
export type PatchPart = z.infer<typeof PatchPart>;

export const Patch = z.object({
  /** What the patch does and why, in the language of the person. */
  summary: z.string(),
  parts: z.array(PatchPart).max(200),
});
export type Patch = z.infer<typeof Patch>;

export const PATCH_REJECTIONS = [
  "node-there",
  "no-node",
  "no-type",
  "bad-config",
  "no-port",
  "edge-there",
  "no-edge",
  "bad-settings",
] as const;

/** Why a part could not be applied. */
export interface PatchRejection {
  code: (typeof PATCH_REJECTIONS)[number];
  /** The node, type, port or edge, or the message of the schema. */
  about: string;
  /** The reason as a sentence. */
  reason: string;
}

export interface Applied {
  graph: Graph;
  /** Parts that could not be applied; `part` is the index in the patch. */
  left: (PatchRejection & { part: number })[];
}

/** Applies parts in order to a copy. Never throws. A part that does not apply is left out and reported. */
export function applyPatch(graph: Graph, parts: readonly PatchPart[], table: NodeTable): Applied {
  let result = graph;
  const left: Applied["left"] = [];
  parts.forEach((part, index) => {
    const next = applyPart(result, part, table);
    if ("reason" in next) left.push({ part: index, ...next });
    else result = next;
  });
  return { graph: result, left };
}

function applyPart(graph: Graph, part: PatchPart, table: NodeTable): Graph | PatchRejection {
  const node = "id" in part ? graph.nodes.find((one) => one.id === part.id) : undefined;
  switch (part.do) {
    case "add-node": {
      if (node) return reject("node-there", part.id, `There is already a node "${part.id}".`);
      const definition = table.get(part.type);
      if (!definition) return reject("no-type", part.type, `There is no node type "${part.type}".`);
      const config = definition.config.safeParse(part.config);
      if (!config.success) return badConfig(part.id, config.error);
      const added: GraphNode = {
        id: part.id,
        type: part.type,
        version: definition.version,
        ...(part.title ? { title: part.title } : {}),
        config: part.config,
      };
      return addNode(graph, added, freePosition(graph));
    }
    case "remove-node":
      return node ? remove(graph, new Set([part.id])) : noNode(part.id);
    case "set-config": {
      if (!node) return noNode(part.id);
      const config = { ...(node.config as object), ...part.config };
      const checked = table.get(node.type)?.config.safeParse(config);
      if (checked && !checked.success) return badConfig(part.id, checked.error);
      return changeNode(graph, part.id, (one) => ({ ...one, config }));
    }
    case "set-title":
      if (!node) return noNode(part.id);
      return changeNode(graph, part.id, (one) => ({ ...one, title: part.title }));
    case "add-edge": {
      for (const [side, end] of [
        ["outputs", part.from],
        ["inputs", part.to],
      ] as const) {
        const { node: id, port } = edgeEnd(end);
        const found = graph.nodes.find((one) => one.id === id);
        if (!found) return noNode(id);
        const definition = table.get(found.type);
        const config = definition?.config.safeParse(found.config);
        if (
          definition &&
          config?.success &&
          !(side === "outputs" && port === ERROR_PORT.id && found.onError === "branch")
        ) {
          const { [side]: ports, open } = definition.ports(config.data);
          if (!open && !ports.some((one) => one.id === port))
            return reject(
              "no-port",
              end,
              `"${id}" has no ${side === "outputs" ? "output" : "input"} "${port}"; it has ${ports.map((one) => one.id).join(", ") || "none"}.`,
            );
        }
      }
      if (graph.edges.some((edge) => same(edge, part)))
        return reject("edge-there", `${part.from} → ${part.to}`, "That connection already exists.");
      return connect(graph, { from: part.from, to: part.to });
    }
    case "remove-edge":
      if (!graph.edges.some((edge) => same(edge, part)))
        return reject("no-edge", `${part.from} → ${part.to}`, "That connection does not exist.");
      return remove(graph, undefined, (edge) => same(edge, part));
    case "set-about":
      return {
        ...graph,
        ...(part.name === undefined ? {} : { name: part.name }),
        ...(part.description === undefined ? {} : { description: part.description }),
      };
    case "set-settings": {
      const parsed = parseGraph({ ...graph, settings: { ...graph.settings, ...part.settings } });
      if (parsed.graph) return parsed.graph;
      const [first] = parsed.issues;
      return reject("bad-settings", first?.message ?? "", `The settings are invalid: ${first?.message}`);
    }
  }
}

const reject = (code: PatchRejection["code"], about: string, reason: string): PatchRejection => ({
  code,
  about,
  reason,
});
const noNode = (id: string) => reject("no-node", id, `There is no node "${id}".`);
function badConfig(id: string, error: z.ZodError): PatchRejection {
  const [first] = error.issues;
  const fault = `${first?.path.join(".") || id}: ${first?.message}`;
  return reject("bad-config", fault, `The config of "${id}" is invalid: ${fault}`);
}

/** A position to the right of all nodes, so that nothing is covered. */
function freePosition(graph: Graph): { x: number; y: number } {
  const positions = Object.values(graph.layout);
  if (positions.length === 0) return { x: 0, y: 0 };
  const right = positions.reduce((best, position) => (position.x > best.x ? position : best));
  return { x: right.x + 320, y: right.y };
}

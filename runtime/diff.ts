/** Compares two graphs: prompts by words, configs by key, and layout separately from content. */
import { diffWordsWithSpace } from "diff";
import { isObject } from "./foreign-json.ts";
import { canonicalJson, type Graph, type GraphNode } from "./graph.ts";
import { pointer } from "./issue.ts";
import type { NodeTable } from "./node.ts";

export interface TextRun {
  text: string;
  change?: "added" | "removed";
}

export interface ValueChange {
  /** JSON pointer within the node, the settings or the graph. */
  path: string;
  /** Absent when the value was added or removed. */
  before?: unknown;
  after?: unknown;
  /** For two texts: the words kept, added and removed, in reading order. */
  words?: TextRun[];
}

export interface NodeChange {
  id: string;
  type: string;
  title?: string;
  /** `moved`: only its position on the canvas. */
  change: "added" | "removed" | "changed" | "moved";
  values: ValueChange[];
}

export interface GraphDiff {
  nodes: NodeChange[];
  edges: { change: "added" | "removed"; from: string; to: string }[];
  /** Name, description and settings. */
  about: ValueChange[];
  /** The differences cannot change a run. */
  looksOnly: boolean;
}

/** From `before` to `after`; nodes in the order of `after`, removed ones last. Pure. */
export function diffGraphs(before: Graph, after: Graph, table: NodeTable): GraphDiff {
  const old = new Map(before.nodes.map((node) => [node.id, node]));
  const nodes: NodeChange[] = [];
  for (const node of after.nodes) {
    const earlier = old.get(node.id);
    old.delete(node.id);
    if (!earlier) nodes.push({ ...headOf(node), change: "added", values: [] });
    else {
      const values = diffValues(withoutId(earlier), withoutId(node));
      if (values.length > 0) nodes.push({ ...headOf(node), change: "changed", values });
      else if (canonicalJson(before.layout[node.id]) !== canonicalJson(after.layout[node.id]))
        nodes.push({ ...headOf(node), change: "moved", values: [] });
    }
  }
  for (const node of old.values()) nodes.push({ ...headOf(node), change: "removed", values: [] });

  const key = (edge: { from: string; to: string }) => `${edge.from} ${edge.to}`;
  const had = new Set(before.edges.map(key));
  const has = new Set(after.edges.map(key));
  const edges = [
    ...after.edges
      .filter((edge) => !had.has(key(edge)))
      .map(({ from, to }) => ({ change: "added" as const, from, to })),
    ...before.edges
      .filter((edge) => !has.has(key(edge)))
      .map(({ from, to }) => ({ change: "removed" as const, from, to })),
  ];
  const about = diffValues(
    { name: before.name, description: before.description, settings: before.settings },
    { name: after.name, description: after.description, settings: after.settings },
  );
  const looksOnly =
    edges.length === 0 &&
    about.length === 0 &&
    nodes.every((node) => node.change === "moved" || table.get(node.type)?.role === "annotation");
  return { nodes, edges, about, looksOnly };
}

function headOf(node: GraphNode): { id: string; type: string; title?: string } {
  return { id: node.id, type: node.type, ...(node.title ? { title: node.title } : {}) };
}

function withoutId({ id: _id, ...rest }: GraphNode): object {
  return rest;
}

/** Compares leaf by leaf. Texts and lists of different lengths are leaves. */
function diffValues(before: unknown, after: unknown, path = ""): ValueChange[] {
  if (canonicalJson(before) === canonicalJson(after)) return [];
  if (isObject(before) && isObject(after))
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
      diffValues(before[key], after[key], path + pointer(key)),
    );
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length)
    return before.flatMap((item, index) => diffValues(item, after[index], path + pointer(index)));
  return [
    {
      path,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
      ...(typeof before === "string" && typeof after === "string" ? { words: diffWords(before, after) } : {}),
    },
  ];
}

/** Compares texts by words. Chinese has no spaces, so its words come from `Intl.Segmenter`. */
export function diffWords(before: string, after: string): TextRun[] {
  const segmenter = /\p{Script=Han}/u.test(before + after)
    ? new Intl.Segmenter("zh", { granularity: "word" })
    : undefined;
  return diffWordsWithSpace(before, after, segmenter ? { intlSegmenter: segmenter } : {}).map(
    ({ value, added, removed }) => ({
      text: value,
      ...(added ? { change: "added" as const } : removed ? { change: "removed" as const } : {}),
    }),
  );
}

/**
 * Search and replace in all texts of a graph: titles, prompts, notes and other settings, also in nested graphs. Ids,
 * types, edges and positions are not searched.
 */
import type { Graph } from "../../runtime/graph.ts";
import type { Command } from "./commands.ts";

export interface Query {
  text: string;
  matchCase: boolean;
  wholeWord: boolean;
}

/** The keys and indices that lead to a text in a graph. */
export type TextPath = readonly (string | number)[];

export interface Hit {
  /** Stable as long as nothing before the match changes. */
  key: string;
  /** The node that the text belongs to; for a nested graph, its container. */
  node?: string;
  path: TextPath;
  /** The whole text, and the part of it that matches. */
  text: string;
  start: number;
  end: number;
}

/** The most matches that are listed; replacing all has no limit. */
export const MAX_HITS = 1000;

const LETTER = /[\p{L}\p{N}_]/u;

/** Every match, in the order of the graph. An empty query has none. */
export function findText(graph: Graph, query: Query, limit = MAX_HITS): Hit[] {
  const hits: Hit[] = [];
  if (query.text === "") return hits;
  overTexts(graph, (text, path) => {
    if (hits.length >= limit) return text;
    for (const [start, end] of matches(text, query)) {
      if (hits.length >= limit) break;
      hits.push({ key: `${path.join("/")}@${start}`, path, text, start, end, ...owner(graph, path) });
    }
    return text;
  });
  return hits;
}

/** Replaces all matches, or the one in `only`, by the literal text `by`, as one step. */
export function replaceText(query: Query, by: string, only?: Pick<Hit, "path" | "start" | "text">): Command {
  return { label: "text", run: (graph) => replaceIn(graph, query, by, only).graph };
}

/** How many matches replacing all would replace, and how many it would keep: see `replaceIn`. */
export function countReplaced(graph: Graph, query: Query, by: string): { done: number; kept: number } {
  const { done, kept } = replaceIn(graph, query, by);
  return { done, kept };
}

/** Keeps a text when the result would be an empty name, or too long for the format. */
function replaceIn(graph: Graph, query: Query, by: string, only?: Pick<Hit, "path" | "start" | "text">) {
  const counts = { done: 0, kept: 0 };
  if (query.text === "") return { graph, ...counts };
  const wanted = only?.path.join("/");
  const next = overTexts(graph, (text, path) => {
    if (wanted !== undefined && (path.join("/") !== wanted || text !== only?.text)) return text;
    const found = matches(text, query).filter(([start]) => only === undefined || start === only.start);
    if (found.length === 0) return text;
    let made = "";
    let from = 0;
    for (const [start, end] of found) {
      made += text.slice(from, start) + by;
      from = end;
    }
    made += text.slice(from);
    const stays = (path.at(-1) === "name" && made.trim() === "") || made.length > maxLength(path);
    counts[stays ? "kept" : "done"] += found.length;
    return stays ? text : made;
  });
  return { graph: next, ...counts };
}

/** The longest text that the format accepts at a path. */
function maxLength(path: TextPath): number {
  const key = path.at(-1);
  if (typeof key === "number") return path.at(-2) === "suggestions" ? 500 : Number.POSITIVE_INFINITY;
  if (path.at(-2) === "settings" || key === "description") return 4000;
  return key === "title" || key === "name" ? 200 : Number.POSITIVE_INFINITY;
}

/** The matches as pairs of start and end that do not overlap. */
export function matches(text: string, query: Query): [number, number][] {
  const { text: wanted, wholeWord } = query;
  const found: [number, number][] = [];
  for (const match of text.matchAll(patternOf(query))) {
    const end = match.index + match[0].length;
    if (wholeWord && (joins(text, match.index, wanted, true) || joins(text, end, wanted, false))) continue;
    found.push([match.index, end]);
  }
  return found;
}

const patterns = new WeakMap<Query, RegExp>();

function patternOf(query: Query): RegExp {
  const known = patterns.get(query);
  if (known) return known;
  const escaped = query.text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  const made = new RegExp(escaped, query.matchCase ? "gu" : "giu");
  patterns.set(query, made);
  return made;
}

/** Whether there is a letter on both sides of an end of the match, so that it is a part of a longer word. */
function joins(text: string, at: number, wanted: string, left: boolean): boolean {
  const inner = left ? [...wanted][0] : [...wanted].at(-1);
  const outer = left ? [...text.slice(Math.max(0, at - 2), at)].at(-1) : [...text.slice(at, at + 2)][0];
  return inner !== undefined && outer !== undefined && LETTER.test(inner) && LETTER.test(outer);
}

type Change = (text: string, path: TextPath) => string;

/** Calls `change` for each text; parts in which nothing changed keep their identity. */
function overTexts<G extends Partial<Graph>>(graph: G, change: Change, base: TextPath = []): G {
  const next: Record<string, unknown> = { ...graph };
  let changed = false;
  const put = (key: string, value: unknown) => {
    if (value === next[key]) return;
    next[key] = value;
    changed = true;
  };
  for (const key of ["name", "description"] as const)
    if (typeof graph[key] === "string") put(key, change(graph[key], [...base, key]));
  if (graph.settings) {
    const { greeting, suggestions } = graph.settings;
    const settings = {
      ...graph.settings,
      ...(typeof greeting === "string" && { greeting: change(greeting, [...base, "settings", "greeting"]) }),
      ...(suggestions && { suggestions: overValue(suggestions, change, [...base, "settings", "suggestions"]) }),
    };
    if (settings.greeting !== greeting || settings.suggestions !== suggestions) put("settings", settings);
  }
  if (graph.nodes)
    put(
      "nodes",
      mapped(graph.nodes, (node, index) => {
        const path = [...base, "nodes", index];
        const title = node.title === undefined ? undefined : change(node.title, [...path, "title"]);
        const config = overValue(node.config, change, [...path, "config"]);
        if (title === node.title && config === node.config) return node;
        const { title: _old, ...rest } = node;
        return title ? { ...node, title, config } : { ...rest, config };
      }),
    );
  if (graph.groups)
    put(
      "groups",
      mapped(graph.groups, (group, index) => {
        const title = change(group.title, [...base, "groups", index, "title"]);
        return title === group.title ? group : { ...group, title };
      }),
    );
  return changed ? (next as G) : graph;
}

function overValue<T>(value: T, change: Change, path: TextPath): T {
  if (typeof value === "string") return change(value, path) as T;
  if (Array.isArray(value)) return mapped(value, (item, index) => overValue(item, change, [...path, index])) as T;
  if (typeof value !== "object" || value === null) return value;
  if (isBody(value)) return overTexts(value, change, path) as T;
  const next: Record<string, unknown> = {};
  let changed = false;
  for (const [key, member] of Object.entries(value)) {
    next[key] = overValue(member as unknown, change, [...path, key]);
    changed ||= next[key] !== member;
  }
  return changed ? (next as T) : value;
}

function isBody(value: object): value is Partial<Graph> {
  const { nodes, edges } = value as Partial<Graph>;
  return (
    Array.isArray(nodes) &&
    Array.isArray(edges) &&
    nodes.every((node) => typeof node === "object" && node !== null && typeof node.id === "string")
  );
}

function mapped<T>(list: T[], change: (item: T, index: number) => T): T[] {
  const next = list.map(change);
  return next.every((item, index) => item === list[index]) ? list : next;
}

function owner(graph: Graph, path: TextPath): { node?: string } {
  if (path[0] === "nodes") return { node: graph.nodes[path[1] as number]?.id };
  if (path[0] === "groups") return { node: graph.groups[path[1] as number]?.nodes[0] };
  return {};
}

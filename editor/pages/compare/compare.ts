/** Two runs side by side: what each node took and gave in one and in the other. Pure. */
import { diffWords, type TextRun } from "../../../runtime/diff.ts";
import { type Scope, scopeKey } from "../../../runtime/event.ts";
import type { NodeView, RunView } from "../../../runtime/fold-run.ts";
import { canonicalJson } from "../../../runtime/graph.ts";
import { outputText } from "../../graph/output-texts.ts";

export interface ComparedValue {
  /** A port, or a tool with which call of it this is. */
  name: string;
  of: "output" | "arguments";
  first?: string;
  second?: string;
  /** From the first to the second, in reading order; absent where they are the same, or one is missing. */
  words?: TextRun[];
}

export interface ComparedNode {
  key: string;
  node: string;
  first?: NodeView;
  second?: NodeView;
  values: ComparedValue[];
  /** All values are the same, and both runs had the node. */
  same: boolean;
}

/** Longer texts are compared as wholes: a diff of them by words would take too long, and nobody reads it. */
const LONGEST = 20_000;

/**
 * The nodes of one graph: the agent's own, or what ran at `place` (the same item beside the same item). In the order of the
 * second run; those that only the first had come last.
 */
export function compareRuns(first: RunView, second: RunView, place: Scope = []): ComparedNode[] {
  const keys = new Set([...second.nodes.keys(), ...first.nodes.keys()]);
  const wanted = scopeKey(place);
  return [...keys].flatMap((key) => {
    const a = first.nodes.get(key);
    const b = second.nodes.get(key);
    const node = (b ?? a)!;
    if (scopeKey(node.scope) !== wanted) return [];
    const values = [
      ...compareTexts(outputTexts(a), outputTexts(b), "output"),
      ...compareTexts(argumentTexts(a), argumentTexts(b), "arguments"),
    ];
    const same = a !== undefined && b !== undefined && a.status === b.status && values.every(isSame);
    return [{ key, node: node.node, ...(a && { first: a }), ...(b && { second: b }), values, same }];
  });
}

export interface ComparedPart {
  /** Where it ran: the place of its node, and the item, the turn or the call. */
  scope: Scope;
  key: string;
  /** Everything inside did and gave the same in both. */
  same: boolean;
  only?: "first" | "second";
}

/** What ran inside of the nodes at `place`, by node: items, turns or the one run of an agent, by number. */
export function partsInside(first: RunView, second: RunView, place: Scope = []): ReadonlyMap<string, ComparedPart[]> {
  const prefix = place.length;
  const wanted = scopeKey(place);
  const found = new Map<string, ComparedPart & { in: Set<RunView> }>();
  for (const run of [first, second])
    for (const [key, view] of run.nodes) {
      const scope = view.scope ?? [];
      const part = scope[prefix];
      if (!part || scopeKey(scope.slice(0, prefix)) !== wanted) continue;
      const inner = scope.slice(0, prefix + 1);
      const name = scopeKey(inner);
      const one = found.get(name) ?? { scope: inner, key: name, same: true, in: new Set() };
      found.set(name, one);
      one.in.add(run);
      const other = (run === first ? second : first).nodes.get(key);
      one.same &&= other?.status === view.status && stable(other.outputs) === stable(view.outputs);
    }
  const byNode = new Map<string, ComparedPart[]>();
  for (const { in: runs, ...part } of found.values()) {
    const { node } = part.scope[prefix]!;
    const only = runs.size === 2 ? undefined : runs.has(first) ? "first" : "second";
    byNode.set(node, [...(byNode.get(node) ?? []), { ...part, ...(only && { only }) }]);
  }
  for (const parts of byNode.values()) parts.sort((a, b) => numberOf(a, prefix) - numberOf(b, prefix));
  return byNode;
}

const numberOf = ({ scope }: ComparedPart, depth: number): number => scope[depth]?.item ?? scope[depth]?.turn ?? 0;

/** The words of two texts; undefined where they are the same. */
export function compareText(first: string, second: string): TextRun[] | undefined {
  if (first === second) return undefined;
  if (first.length + second.length <= LONGEST) return diffWords(first, second);
  return [
    { text: first, change: "removed" },
    { text: second, change: "added" },
  ];
}

export const isSame = (value: ComparedValue): boolean =>
  value.first !== undefined && value.second !== undefined && value.words === undefined;

function compareTexts(
  first: ReadonlyMap<string, string>,
  second: ReadonlyMap<string, string>,
  of: ComparedValue["of"],
): ComparedValue[] {
  return [...new Set([...first.keys(), ...second.keys()])].map((name) => {
    const a = first.get(name);
    const b = second.get(name);
    const words = a !== undefined && b !== undefined ? compareText(a, b) : undefined;
    return {
      name,
      of,
      ...(a !== undefined && { first: a }),
      ...(b !== undefined && { second: b }),
      ...(words && { words }),
    };
  });
}

function outputTexts(view: NodeView | undefined): Map<string, string> {
  return new Map(Object.entries(view?.outputs ?? {}).map(([port, value]) => [port, stable(value)]));
}

/** The nth call of a tool stands beside the nth call of it in the other run. */
function argumentTexts(view: NodeView | undefined): Map<string, string> {
  const counts = new Map<string, number>();
  return new Map(
    (view?.tools ?? []).map(({ start }) => {
      const tool = start.tool ?? start.call.name;
      const count = (counts.get(tool) ?? 0) + 1;
      counts.set(tool, count);
      return [count === 1 ? tool : `${tool} (${count})`, stable(start.call.arguments ?? start.call.raw)];
    }),
  );
}

/** Keys in one order, so that the same value is the same text. */
function stable(value: unknown): string {
  return typeof value === "string" || value === undefined
    ? outputText(value ?? "")
    : outputText(JSON.parse(canonicalJson(value)));
}

/** Compares two runs: each node's inputs and outputs in both. Pure. */
import { diffWords, type TextRun } from "../../../runtime/diff.ts";
import { type Scope, scopeKey } from "../../../runtime/event.ts";
import type { NodeView, RunView } from "../../../runtime/fold-run.ts";
import { canonicalJson } from "../../../runtime/graph.ts";
import { outputText } from "../../graph/output-texts.ts";

export interface ComparedValue {
  /** A port, or a tool and the number of its call. */
  name: string;
  of: "output" | "arguments";
  first?: string;
  second?: string;
  /** Diff from the first to the second, in reading order. Absent if they are equal or one does not exist. */
  words?: TextRun[];
}

export interface ComparedNode {
  key: string;
  node: string;
  first?: NodeView;
  second?: NodeView;
  values: ComparedValue[];
  /** Both runs have the node, and all its values are equal. */
  same: boolean;
}

/** Longer texts are compared as a whole, because a word diff would take too long. */
const LONGEST = 20_000;

/**
 * The nodes of one graph: the agent's own, or those that ran in `scope` (an item is compared with the same item). In
 * the order of the second run; nodes that only the first run has come last.
 */
export function compareRuns(first: RunView, second: RunView, scope: Scope = []): ComparedNode[] {
  const keys = new Set([...second.nodes.keys(), ...first.nodes.keys()]);
  const wanted = scopeKey(scope);
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
  /** Where it ran: the scope of its node plus the item, turn or call. */
  scope: Scope;
  key: string;
  /** Everything inside is equal in both runs. */
  same: boolean;
  only?: "first" | "second";
}

/** What ran inside the nodes at `scope`, by node: items, turns, or the single run of an agent, by number. */
export function partsInside(first: RunView, second: RunView, scope: Scope = []): ReadonlyMap<string, ComparedPart[]> {
  const prefix = scope.length;
  const wanted = scopeKey(scope);
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

/** The word diff of two texts; undefined if they are equal. */
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

/** Matches the nth call of a tool with its nth call in the other run. */
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

/** Sorts the keys, so that equal values give equal texts. */
function stable(value: unknown): string {
  return typeof value === "string" || value === undefined
    ? outputText(value ?? "")
    : outputText(JSON.parse(canonicalJson(value)));
}

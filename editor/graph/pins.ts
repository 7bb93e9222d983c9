/**
 * Pinned outputs: values that stand in for a node's own while the draft is tried. They are kept with the draft under
 * `x-pins`, so that they are saved, undone and copied with it; a published version never has them.
 */
import type { Graph } from "../../runtime/graph.ts";
import type { Command } from "./commands.ts";
import { lookup } from "./lookup.ts";

/** Outputs by port, by node. */
export type Pins = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const KEY = "x-pins";
const NONE: Pins = {};

function stored(graph: Graph): Record<string, unknown> {
  const value = (graph as Graph & { [KEY]?: unknown })[KEY];
  return isRecord(value) ? value : NONE;
}

/** The pins that are in force: those of nodes that the graph has. What somebody wrote into the file wrongly is left out. */
export function pinsOf(graph: Graph): Pins {
  const pins = Object.entries(stored(graph)).filter(
    (entry): entry is [string, Record<string, unknown>] =>
      isRecord(entry[1]) && lookup(graph).node(entry[0]) !== undefined,
  );
  return pins.length === 0 ? NONE : Object.fromEntries(pins);
}

export const pinOf = (graph: Graph, node: string): Readonly<Record<string, unknown>> | undefined => {
  const value = stored(graph)[node];
  return isRecord(value) ? value : undefined;
};

/** Pins a node's outputs, or (without any) lets the node run again. Pins of nodes that are gone go with it. */
export function setPin(node: string, outputs: Readonly<Record<string, unknown>> | undefined): Command {
  return {
    label: "pin",
    run(graph) {
      if (outputs === pinOf(graph, node) || !lookup(graph).node(node)) return graph;
      const { [node]: _old, ...others } = pinsOf(graph);
      return withPins(graph, outputs ? { ...others, [node]: outputs } : others);
    },
  };
}

export const removePins: Command = {
  label: "pin",
  run: (graph) => (KEY in graph ? withPins(graph, NONE) : graph),
};

function withPins(graph: Graph, pins: Pins): Graph {
  const { [KEY]: _old, ...rest } = graph as Graph & { [KEY]?: unknown };
  return Object.keys(pins).length === 0 ? rest : ({ ...rest, [KEY]: pins } as Graph);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Pinned outputs: values that replace a node's own outputs in runs of the draft. They are stored in the draft under
 * `x-pins`, so that they are saved, undone and copied with it. A published version has no pins.
 */
import { isObject } from "../../runtime/foreign-json.ts";
import type { Graph } from "../../runtime/graph.ts";
import type { Command } from "./commands.ts";
import { lookup } from "./lookup.ts";

/** Outputs by port, by node. */
export type Pins = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const KEY = "x-pins";
const NONE: Pins = {};

function stored(graph: Graph): Record<string, unknown> {
  const value = (graph as Graph & { [KEY]?: unknown })[KEY];
  return isObject(value) ? value : NONE;
}

/** The active pins: those of existing nodes. Invalid entries in the file are ignored. */
export function pinsOf(graph: Graph): Pins {
  const pins = Object.entries(stored(graph)).filter(
    (entry): entry is [string, Record<string, unknown>] =>
      isObject(entry[1]) && lookup(graph).node(entry[0]) !== undefined,
  );
  return pins.length === 0 ? NONE : Object.fromEntries(pins);
}

export const pinOf = (graph: Graph, node: string): Readonly<Record<string, unknown>> | undefined => {
  const value = stored(graph)[node];
  return isObject(value) ? value : undefined;
};

export function pickPins(pins: Pins, wanted: (node: string) => boolean): Pins {
  return Object.fromEntries(Object.entries(pins).filter(([id]) => wanted(id)));
}

/** Pins a node's outputs, or removes the pin (`undefined`). Also removes pins of nodes that no longer exist. */
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

/** The graph with these pins instead of its own. */
export function withPins(graph: Graph, pins: Pins): Graph {
  const { [KEY]: _old, ...rest } = graph as Graph & { [KEY]?: unknown };
  return Object.keys(pins).length === 0 ? rest : ({ ...rest, [KEY]: pins } as Graph);
}

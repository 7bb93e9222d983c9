import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import type { Scope } from "../../runtime/event.ts";
import type { Graph, GraphNode } from "../../runtime/graph.ts";
import { lookup } from "../graph/lookup.ts";
import { useNodeWords } from "../i18n/node-words.ts";
import { type CalledAgent, calledAgents } from "../session/called-agents.ts";
import { innerGraph } from "./use-inner-graph.ts";
import { useGraph, useWorkbench } from "./use-workbench.ts";

/** For callers that do not load called agents: their nodes are named by their ids. */
export const NOT_FETCHED: ReadonlyMap<string, CalledAgent> = new Map();

/** The graph that a scope leads to, starting from `graph`; undefined if part of it is not loaded. */
export function graphAt(graph: Graph, scope: Scope, called: ReadonlyMap<string, CalledAgent>): Graph | undefined {
  let at: Graph | undefined = graph;
  for (const part of scope) {
    const node: GraphNode | undefined = at && lookup(at).node(part.node);
    at = node && part.call === undefined ? innerGraph(node, called) : undefined;
  }
  return at;
}

/** A scope in words: "Map, item 2 › Agent". "" for the outer graph. */
export function useScopeWords(scope: Scope | undefined): string {
  const { t } = useTranslation("bodies");
  const words = useNodeWords();
  const graph = useGraph((one) => one);
  const called = useStore(calledAgents(useWorkbench()));
  return (scope ?? [])
    .map((part, depth) => {
      const around = graphAt(graph, scope!.slice(0, depth), called);
      const node = around && lookup(around).node(part.node);
      const title = node ? words.nodeTitle(node) : part.node;
      if (part.item !== undefined) return t("itemOf", { title, number: part.item + 1 });
      if (part.turn !== undefined) return t("turnOf", { title, number: part.turn + 1 });
      return title;
    })
    .join(" › ");
}

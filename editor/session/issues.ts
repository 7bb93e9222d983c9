/** The issues of the graph: `checkGraph` shortly after each change, grouped by node for the cards. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { checkGraph } from "../../runtime/check.ts";
import type { Graph } from "../../runtime/graph.ts";
import { sameButLayout } from "../../runtime/identity.ts";
import type { Issue } from "../../runtime/issue.ts";
import type { NodeTable } from "../../runtime/node.ts";
import { edgeKey, edgeOf } from "../graph/lookup.ts";
import { type CatalogueStore, checkContext } from "./catalogue.ts";
import type { DocumentStore } from "./document.ts";
import type { Clock } from "./save.ts";

export interface Issues {
  all: readonly Issue[];
  errors: number;
  byNode: ReadonlyMap<string, readonly Issue[]>;
  /** By edge key: the issues whose path points at the edge. */
  byEdge: ReadonlyMap<string, readonly Issue[]>;
  /** The graph that was checked. */
  of?: Graph;
}

const QUIET_MS = 120;
const NONE: readonly Issue[] = [];

export interface IssueStore extends StoreApi<Issues> {
  /** Checks now instead of in a moment. */
  check(): void;
  close(): void;
}

/** `known`: the issues that the server found in this graph, so that opening it does not wait for a check. */
export function createIssues(
  document: DocumentStore,
  catalogue: CatalogueStore,
  table: NodeTable,
  clock: Clock,
  known?: Issue[],
): IssueStore {
  const store = createStore<Issues>(() => {
    const { graph } = document.getState();
    return sort(graph, known ?? checkGraph(graph, table, checkContext(catalogue.getState())));
  });
  let stop: (() => void) | undefined;
  const check = () => {
    stop?.();
    const { graph } = document.getState();
    const next = sort(graph, checkGraph(graph, table, checkContext(catalogue.getState())));
    store.setState(keepEqual(store.getState(), next));
  };
  const soon = () => {
    stop?.();
    stop = clock.after(QUIET_MS, check);
  };
  const ends = [
    // Moving cards changes nothing that is checked.
    document.subscribe((state, previous) => !sameButLayout(state.graph, previous.graph, Object.is) && soon()),
    catalogue.subscribe(soon),
  ];
  return Object.assign(store, {
    check,
    close() {
      stop?.();
      for (const end of ends) end();
    },
  });
}

function sort(graph: Graph, all: Issue[]): Issues {
  const byNode = grouped(all, (issue) => issue.node);
  const byEdge = grouped(all, (issue) => {
    const edge = edgeOf(graph, issue);
    return edge && edgeKey(edge);
  });
  return { all, errors: all.filter((issue) => issue.severity === "error").length, byNode, byEdge, of: graph };
}

/** By key; issues without one are left out. */
function grouped(issues: readonly Issue[], keyOf: (issue: Issue) => string | undefined): Map<string, Issue[]> {
  const groups = Map.groupBy(issues, keyOf);
  groups.delete(undefined);
  return groups as Map<string, Issue[]>;
}

/** Lists with the same content keep their identity, so that a card whose issues did not change is not drawn again. */
function keepEqual(old: Issues, next: Issues): Issues {
  const same = (a: ReadonlyMap<string, readonly Issue[]>, b: ReadonlyMap<string, readonly Issue[]>) =>
    new Map(
      [...b].map(([key, list]) => [
        key,
        a.has(key) && JSON.stringify(a.get(key)) === JSON.stringify(list) ? a.get(key)! : list,
      ]),
    );
  return { ...next, byNode: same(old.byNode, next.byNode), byEdge: same(old.byEdge, next.byEdge) };
}

export function issuesOf(issues: Issues, node: string): readonly Issue[] {
  return issues.byNode.get(node) ?? NONE;
}

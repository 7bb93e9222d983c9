/** Draws an edge. An input that takes one edge loses those that clash with the new one; the rest stays. */
import type { GraphEdge } from "../../runtime/graph.ts";
import { edgesToReplace } from "../graph/can-connect.ts";
import { type Command, connect, disconnectInstead, reconnect } from "../graph/commands.ts";
import { edgeKey } from "../graph/lookup.ts";
import { table } from "../graph/node-types.ts";
import type { Workbench } from "./workbench.ts";

export interface Drawn {
  /** How many edges the new one replaced. */
  replaced: number;
  /** Takes the new edge away and brings the replaced ones back. */
  undo(): void;
}

/** Keys of the edges that this one would replace. `old`: the edge that is moved, which does not count. */
export function replacedBy(workbench: Workbench, edge: GraphEdge, old?: string): Set<string> {
  const graph = workbench.graph();
  const others = old === undefined ? graph : { ...graph, edges: graph.edges.filter((other) => edgeKey(other) !== old) };
  return edgesToReplace(others, table, workbench.reader.getState().reader, edge);
}

/** Draws an edge, or moves the edge with the key `old` to its ends. */
export function drawEdge(workbench: Workbench, edge: GraphEdge, old?: string): Drawn {
  const instead = replacedBy(workbench, edge, old);
  return applyDrawing(
    workbench,
    old === undefined ? connect(edge, instead) : reconnect(old, edge, instead),
    edge,
    instead,
  );
}

/** Applies a command that adds `edge` in place of the edges with the keys `instead`. */
export function applyDrawing(
  workbench: Workbench,
  command: Command,
  edge: GraphEdge,
  instead: ReadonlySet<string>,
): Drawn {
  const { document } = workbench;
  const replaced = workbench.graph().edges.filter((other) => instead.has(edgeKey(other)));
  workbench.apply(command);
  const after = workbench.graph();
  return {
    replaced: replaced.length,
    undo() {
      if (workbench.graph() === after) document.undo();
      // The graph has changed since: only this step is taken back.
      else workbench.apply(disconnectInstead(edge, replaced));
    },
  };
}

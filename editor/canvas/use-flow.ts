import { applyEdgeChanges, applyNodeChanges, type EdgeChange, type NodeChange } from "@xyflow/react";
import { useEffect, useState } from "react";
import { useStore } from "zustand";
import { createStore } from "zustand/vanilla";
import type { Graph } from "../../runtime/graph.ts";
import { positionOf } from "../graph/card-size.ts";
import { move } from "../graph/commands.ts";
import { useWorkbench } from "../hooks/use-workbench.ts";
import type { Workbench } from "../session/workbench.ts";
import { createFlowModel, type Flow, type FlowEdge, type FlowNode } from "./flow-model.ts";
import type { GuideStore } from "./guides.ts";
import { createSnapping } from "./snapping.ts";

interface FlowHandlers {
  onNodesChange(changes: NodeChange<FlowNode>[]): void;
  onEdgesChange(changes: EdgeChange<FlowEdge>[]): void;
}

/**
 * Nodes and edges for React Flow, kept in step with document and selection. A drag moves them here alone; where it ends
 * becomes one command.
 */
function createFlow(workbench: Workbench) {
  const { document, selection, reader } = workbench;
  const model = createFlowModel();
  const snapping = createSnapping();
  const read = () => model.sync(document.getState().graph, reader.getState().reader, selection.getState());
  const store = createStore<Flow>(read);

  const sync = () => {
    const flow = model.sync(
      document.getState().graph,
      reader.getState().reader,
      selection.getState(),
      store.getState().nodes,
    );
    const { nodes, edges } = store.getState();
    store.setState({
      nodes: sameItems(nodes, flow.nodes) ? nodes : flow.nodes,
      edges: sameItems(edges, flow.edges) ? edges : flow.edges,
    });
  };
  /** Follows the stores until the returned function is called. */
  const follow = () => {
    sync();
    let { graph } = document.getState();
    const ends = [
      document.subscribe((state) => {
        if (state.graph === graph) return;
        graph = state.graph;
        sync();
      }),
      selection.subscribe(sync),
      reader.subscribe(sync),
    ];
    return () => {
      for (const end of ends) end();
    };
  };

  const choose = (changes: (NodeChange<FlowNode> | EdgeChange<FlowEdge>)[], kind: "nodes" | "edges") => {
    const picked = changes.filter((change) => change.type === "select");
    if (picked.length === 0) return;
    const state = selection.getState();
    const next = new Set(state[kind]);
    for (const change of picked) {
      if (change.selected) next.add(change.id);
      else next.delete(change.id);
    }
    selection.choose(kind === "nodes" ? next : state.nodes, kind === "edges" ? next : state.edges);
  };

  return Object.assign(store, {
    guides: snapping.guides,
    onNodesChange(asked: NodeChange<FlowNode>[]) {
      const before = store.getState().nodes;
      const changes = snapping.snapped(asked, before);
      const own = changes.filter((change) => change.type !== "select" && change.type !== "remove");
      if (own.length > 0) store.setState({ nodes: applyNodeChanges(own, before) });
      const places: Record<string, { x: number; y: number }> = {};
      let dragged = false;
      for (const change of own) {
        if (change.type !== "position" || change.dragging || !change.position) continue;
        dragged ||= before.some((node) => node.id === change.id && node.dragging);
        places[change.id] = change.position;
      }
      if (Object.keys(places).length > 0) {
        // Arrow keys come one by one and are one step; a drag is a step of its own.
        const step = dragged ? undefined : `nudge ${Object.keys(places).join()}`;
        document.apply(move({ ...standing(document.getState().graph), ...places }, step));
      }
      choose(changes, "nodes");
    },
    onEdgesChange(changes: EdgeChange<FlowEdge>[]) {
      const own = changes.filter((change) => change.type !== "select" && change.type !== "remove");
      if (own.length > 0) store.setState({ edges: applyEdgeChanges(own, store.getState().edges) });
      choose(changes, "edges");
    },
    follow,
  });
}

/** In a file without a layout, the first move fixes where all of its nodes stand. */
function standing(graph: Graph): Record<string, { x: number; y: number }> {
  const open = graph.nodes.filter((node) => !graph.layout[node.id]);
  return Object.fromEntries(open.map((node) => [node.id, positionOf(graph, node.id)]));
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

export function useFlow(): Flow & FlowHandlers & { guides: GuideStore } {
  const workbench = useWorkbench();
  const [flow] = useState(() => createFlow(workbench));
  useEffect(() => flow.follow(), [flow]);
  const nodes = useStore(flow, (state) => state.nodes);
  const edges = useStore(flow, (state) => state.edges);
  return { nodes, edges, onNodesChange: flow.onNodesChange, onEdgesChange: flow.onEdgesChange, guides: flow.guides };
}

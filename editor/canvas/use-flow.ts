import { applyEdgeChanges, applyNodeChanges, type EdgeChange, type NodeChange } from "@xyflow/react";
import { useEffect, useState } from "react";
import { useStore } from "zustand";
import { createStore } from "zustand/vanilla";
import type { Graph } from "../../runtime/graph.ts";
import { positionOf } from "../graph/card-size.ts";
import { move } from "../graph/commands.ts";
import { useWorkbench } from "../hooks/use-workbench.ts";
import type { Workbench } from "../session/workbench.ts";
import { createFlowModel, type Flow, type FlowEdge, type FlowNode, sameItems } from "./flow-model.ts";
import type { GuideStore } from "./guides.ts";
import { createSnapping } from "./snapping.ts";

interface FlowHandlers {
  onNodesChange(changes: NodeChange<FlowNode>[]): void;
  onEdgesChange(changes: EdgeChange<FlowEdge>[]): void;
}

/**
 * Nodes and edges for React Flow, in step with the document and the selection. During a drag only these move; its end
 * becomes one command.
 */
function createFlow(workbench: Workbench) {
  const { document, selection, reader } = workbench;
  const model = createFlowModel();
  const snapping = createSnapping();
  const read = (measured?: readonly FlowNode[]) =>
    model.sync(document.getState().graph, reader.getState().reader, selection.getState(), measured);
  const store = createStore<Flow>(() => read());

  const sync = () => {
    const { nodes, edges } = store.getState();
    const flow = read(nodes);
    store.setState({
      nodes: sameItems(nodes, flow.nodes) ? nodes : flow.nodes,
      edges: sameItems(edges, flow.edges) ? edges : flow.edges,
    });
  };
  /** Follows the stores until the returned function is called. */
  const follow = () => {
    sync();
    const ends = [
      document.subscribe((state, before) => {
        if (state.graph !== before.graph) sync();
      }),
      selection.subscribe(sync),
      reader.subscribe(sync),
    ];
    return () => {
      for (const end of ends) end();
    };
  };

  const applySelection = (changes: (NodeChange<FlowNode> | EdgeChange<FlowEdge>)[], kind: "nodes" | "edges") => {
    const selects = changes.filter((change) => change.type === "select");
    if (selects.length === 0) return;
    const state = selection.getState();
    const next = new Set(state[kind]);
    for (const change of selects) {
      if (change.selected) next.add(change.id);
      else next.delete(change.id);
    }
    selection.select(kind === "nodes" ? next : state.nodes, kind === "edges" ? next : state.edges);
  };

  return Object.assign(store, {
    guides: snapping.guides,
    onNodesChange(requested: NodeChange<FlowNode>[]) {
      const before = store.getState().nodes;
      const changes = snapping.snapped(requested, before);
      const own = changes.filter((change) => change.type !== "select" && change.type !== "remove");
      if (own.length > 0) store.setState({ nodes: applyNodeChanges(own, before) });
      const positions: Record<string, { x: number; y: number }> = {};
      let dragged = false;
      for (const change of own) {
        if (change.type !== "position" || change.dragging || !change.position) continue;
        dragged ||= before.some((node) => node.id === change.id && node.dragging);
        positions[change.id] = change.position;
      }
      if (Object.keys(positions).length > 0) {
        // Consecutive moves by arrow keys are one step of the history; a drag is a step of its own.
        const step = dragged ? undefined : `nudge ${Object.keys(positions).join()}`;
        document.apply(move({ ...unsavedPositions(document.getState().graph), ...positions }, step));
      }
      applySelection(changes, "nodes");
    },
    onEdgesChange(changes: EdgeChange<FlowEdge>[]) {
      const own = changes.filter((change) => change.type !== "select" && change.type !== "remove");
      if (own.length > 0) store.setState({ edges: applyEdgeChanges(own, store.getState().edges) });
      applySelection(changes, "edges");
    },
    follow,
  });
}

/** The positions of nodes that have none in the file: the first move stores them all. */
function unsavedPositions(graph: Graph): Record<string, { x: number; y: number }> {
  const nodes = graph.nodes.filter((node) => !graph.layout[node.id]);
  return Object.fromEntries(nodes.map((node) => [node.id, positionOf(graph, node.id)]));
}

export function useFlow(): Flow & FlowHandlers & { guides: GuideStore } {
  const workbench = useWorkbench();
  const [flow] = useState(() => createFlow(workbench));
  useEffect(() => flow.follow(), [flow]);
  const nodes = useStore(flow, (state) => state.nodes);
  const edges = useStore(flow, (state) => state.edges);
  return { nodes, edges, onNodesChange: flow.onNodesChange, onEdgesChange: flow.onEdgesChange, guides: flow.guides };
}

/** Snapping during a drag: corrects React Flow's changes before they are applied. */
import type { NodeChange } from "@xyflow/react";
import { type Box, boundsOf } from "../graph/boxes.ts";
import { type FlowNode, flowBox } from "./flow-model.ts";
import { createGuides, snap } from "./guides.ts";

export function createSnapping() {
  const guides = createGuides();
  return {
    guides,
    /** The changes with the dragged nodes moved to the lines of near ones. Moves by arrow keys and layout do not snap. */
    snapped(changes: NodeChange<FlowNode>[], nodes: readonly FlowNode[]): NodeChange<FlowNode>[] {
      const moves = changes.filter((change) => change.type === "position").filter((change) => change.position);
      if (moves.length === 0) return changes;
      const moving = new Map(moves.map((change) => [change.id, change]));
      const dragged: FlowNode[] = [];
      const others: Box[] = [];
      for (const node of nodes) {
        const change = moving.get(node.id);
        if (change && (change.dragging || node.dragging)) dragged.push(node);
        else if (node.type !== "frame") others.push(flowBox(node));
      }
      if (dragged.length === 0) return changes;
      const ending = moves.every((change) => !change.dragging);
      const boxes = dragged.map((node) => flowBox(node, moving.get(node.id)?.position));
      const { dx, dy, guides: lines } = snap(boundsOf(boxes)!, others);
      guides.show(ending ? {} : lines);
      if (dx === 0 && dy === 0) return changes;
      const ids = new Set(dragged.map((node) => node.id));
      return changes.map((change) =>
        change.type === "position" && change.position && ids.has(change.id)
          ? { ...change, position: { x: change.position.x + dx, y: change.position.y + dy } }
          : change,
      );
    },
  };
}

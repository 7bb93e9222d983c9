/** Lets a drag on the canvas snap: corrects React Flow's own changes before they are taken. */
import type { NodeChange } from "@xyflow/react";
import { boundsOf } from "../graph/boxes.ts";
import { CARD } from "../graph/card-size.ts";
import type { FlowNode } from "./flow-model.ts";
import { createGuides, type Rect, snap } from "./guides.ts";

export function createSnapping() {
  const guides = createGuides();
  return {
    guides,
    /** The changes with the dragged nodes on the lines of near ones. Arrow keys and layout are left alone. */
    snapped(changes: NodeChange<FlowNode>[], nodes: readonly FlowNode[]): NodeChange<FlowNode>[] {
      const moves = changes.filter((change) => change.type === "position").filter((change) => change.position);
      if (moves.length === 0) return changes;
      const moving = new Map(moves.map((change) => [change.id, change]));
      const held: FlowNode[] = [];
      const others: Rect[] = [];
      for (const node of nodes) {
        const change = moving.get(node.id);
        if (change && (change.dragging || node.dragging)) held.push(node);
        else if (node.type !== "frame") others.push(rectOf(node, node.position));
      }
      if (held.length === 0) return changes;
      const ending = moves.every((change) => !change.dragging);
      const rects = held.map((node) => rectOf(node, moving.get(node.id)?.position ?? node.position));
      const { dx, dy, guides: lines } = snap(boundsOf(rects)!, others);
      if (ending) guides.clear();
      else guides.show(lines);
      if (dx === 0 && dy === 0) return changes;
      const ids = new Set(held.map((node) => node.id));
      return changes.map((change) =>
        change.type === "position" && change.position && ids.has(change.id)
          ? { ...change, position: { x: change.position.x + dx, y: change.position.y + dy } }
          : change,
      );
    },
  };
}

function rectOf(node: FlowNode, at: { x: number; y: number }): Rect {
  return {
    x: at.x,
    y: at.y,
    width: node.measured?.width ?? node.width ?? CARD.width,
    height: node.measured?.height ?? node.height ?? CARD.head,
  };
}

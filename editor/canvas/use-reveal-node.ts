import { useReactFlow, useStoreApi } from "@xyflow/react";
import { useEffect } from "react";
import { useStore } from "zustand";
import { boundsOfNodes } from "../graph/boxes.ts";
import { lookup } from "../graph/lookup.ts";
import { roleOf } from "../graph/node-types.ts";
import { useWorkbench } from "../hooks/use-workbench.ts";
import { motionMs } from "../ui/motion.ts";
import { waitForElement } from "../ui/wait-for-element.ts";

const MOVE_MS = 180;
/** Between a card that is brought into view and the edge of the canvas, in pixels. */
const MARGIN = 32;

/** Brings the node in `overlays.reveal` to the middle of the view, also when it was set before the canvas opened. */
export function useRevealNode(): void {
  const workbench = useWorkbench();
  const flow = useReactFlow();
  const node = useStore(workbench.overlays, (state) => state.reveal);
  useEffect(() => {
    if (node === undefined) return;
    workbench.overlays.setState({ reveal: undefined });
    const box = boundsOfNodes(workbench.graph(), [node], workbench.reader.getState().reader);
    if (box)
      void flow.setCenter(box.x + box.width / 2, box.y + box.height / 2, {
        duration: motionMs(MOVE_MS),
        zoom: Math.max(0.7, flow.getZoom()),
      });
  }, [workbench, flow, node]);
}

/** Shows the whole card of the node in `overlays.added`, and focuses it. A note is written in at once. */
export function useShowAdded(): void {
  const workbench = useWorkbench();
  const flow = useReactFlow();
  const store = useStoreApi();
  const id = useStore(workbench.overlays, (state) => state.added);
  useEffect(() => {
    if (id === undefined) return;
    const node = lookup(workbench.graph()).node(id);
    const isNote = node !== undefined && roleOf(node) === "annotation";
    workbench.overlays.setState({ added: undefined, ...(isNote && { writing: id }) });
    const box = boundsOfNodes(workbench.graph(), [id], workbench.reader.getState().reader);
    if (!box) return;
    const { width, height } = store.getState();
    const { x, y, zoom } = flow.getViewport();
    const dx = shift(box.x * zoom + x, box.width * zoom, width);
    const dy = shift(box.y * zoom + y, box.height * zoom, height);
    if (dx !== 0 || dy !== 0) void flow.setViewport({ x: x + dx, y: y + dy, zoom }, { duration: motionMs(MOVE_MS) });
    const card = `.react-flow__node[data-id="${CSS.escape(id)}"]`;
    waitForElement(isNote ? `${card} textarea` : card, (element) => element.focus({ preventScroll: true }));
  }, [workbench, flow, store, id]);
}

/** How far an interval on the screen must move to lie within 0 and `size`. Its start counts more than its end. */
function shift(start: number, length: number, size: number): number {
  if (start < MARGIN) return MARGIN - start;
  const over = start + length - (size - MARGIN);
  return over > 0 ? -Math.min(over, start - MARGIN) : 0;
}

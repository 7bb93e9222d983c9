import { useReactFlow } from "@xyflow/react";
import { useEffect } from "react";
import { useStore } from "zustand";
import { boundsOfNodes } from "../graph/boxes.ts";
import { useWorkbench } from "../hooks/use-workbench.ts";
import { motionMs } from "../ui/motion.ts";

/** Brings the node in `overlays.reveal` into view, also when it was set before the canvas opened. */
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
        duration: motionMs(180),
        zoom: Math.max(0.7, flow.getZoom()),
      });
  }, [workbench, flow, node]);
}

import { useReactFlow } from "@xyflow/react";
import { useEffect } from "react";
import { useStore } from "zustand";
import { boundsOfNodes } from "../graph/boxes.ts";
import { useWorkbench } from "../hooks/use-workbench.ts";
import { motionMs } from "../ui/motion.ts";

/** Brings the node that somebody asked to see into view, also where the canvas opens for it. */
export function useRevealNode(): void {
  const workbench = useWorkbench();
  const flow = useReactFlow();
  const show = useStore(workbench.overlays, (state) => state.reveal);
  useEffect(() => {
    if (show === undefined) return;
    workbench.overlays.setState({ reveal: undefined });
    const box = boundsOfNodes(workbench.graph(), [show], workbench.reader.getState().reader);
    if (box)
      void flow.setCenter(box.x + box.width / 2, box.y + box.height / 2, {
        duration: motionMs(180),
        zoom: Math.max(0.7, flow.getZoom()),
      });
  }, [workbench, flow, show]);
}

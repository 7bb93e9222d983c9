import { useReactFlow } from "@xyflow/react";
import { useEffect } from "react";
import { useStore } from "zustand";
import { useWorkbench } from "../hooks/use-workbench.ts";
import { motionMs } from "../ui/motion.ts";
import { boundsOf } from "../workbench/actions.ts";

/** Brings the node that somebody asked to see into view, also where the canvas opens for it. */
export function useShowing(): void {
  const workbench = useWorkbench();
  const flow = useReactFlow();
  const show = useStore(workbench.surfaces, (state) => state.show);
  useEffect(() => {
    if (show === undefined) return;
    workbench.surfaces.setState({ show: undefined });
    const box = boundsOf(workbench, [show]);
    if (box)
      void flow.setCenter(box.x + box.width / 2, box.y + box.height / 2, {
        duration: motionMs(180),
        zoom: Math.max(0.7, flow.getZoom()),
      });
  }, [workbench, flow, show]);
}

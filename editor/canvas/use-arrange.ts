import { getViewportForBounds, useReactFlow, useStoreApi } from "@xyflow/react";
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { layoutPositions } from "../graph/auto-layout.ts";
import { boundsOf, cardBox } from "../graph/boxes.ts";
import { setLayout } from "../graph/commands.ts";
import { useWorkbench } from "../hooks/use-workbench.ts";
import { motionMs } from "../ui/motion.ts";
import { toast } from "../ui/toast.tsx";

/** Lays out the selected nodes (two or more), or all, and then shows all. `overlays.arranging` is set meanwhile. */
export function useArrange(): () => Promise<void> {
  const workbench = useWorkbench();
  const flow = useReactFlow();
  const store = useStoreApi();
  const { t } = useTranslation("canvas");
  return useCallback(async () => {
    const { overlays, selection } = workbench;
    if (overlays.getState().arranging) return;
    overlays.setState({ arranging: true });
    try {
      const { reader } = workbench.reader.getState();
      const graph = workbench.graph();
      const positions = await layoutPositions(graph, reader, selection.getState().nodes);
      // The first layout loads the engine: the graph may be another by now.
      if (workbench.graph() !== graph) return;
      workbench.apply(setLayout(positions));
      const arranged = workbench.graph();
      const box = boundsOf(arranged.nodes.map((node) => cardBox(arranged, node, reader)));
      const { width, height, minZoom } = store.getState();
      if (box)
        void flow.setViewport(getViewportForBounds(box, width, height, minZoom, 1, 0.08), { duration: motionMs(180) });
    } catch (error) {
      toast({ title: t("arrangeFailed"), detail: error instanceof Error ? error.message : String(error), tone: "bad" });
    } finally {
      overlays.setState({ arranging: undefined });
    }
  }, [workbench, flow, store, t]);
}

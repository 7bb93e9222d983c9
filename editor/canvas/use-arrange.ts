import { useReactFlow } from "@xyflow/react";
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { layoutPositions } from "../graph/auto-layout.ts";
import { setLayout } from "../graph/commands.ts";
import { useWorkbench } from "../hooks/use-workbench.ts";
import { motionMs } from "../ui/motion.ts";
import { toast } from "../ui/toast.tsx";

/** Lays out the selected nodes (two or more), or all. */
export function useArrange(): () => Promise<void> {
  const workbench = useWorkbench();
  const flow = useReactFlow();
  const { t } = useTranslation("canvas");
  return useCallback(async () => {
    try {
      const { reader } = workbench.reader.getState();
      const positions = await layoutPositions(workbench.graph(), reader, workbench.selection.getState().nodes);
      workbench.apply(setLayout(positions));
      // After a layout of all nodes, all of them are shown.
      if (Object.keys(positions).length > 1 && workbench.selection.getState().nodes.size < 2)
        requestAnimationFrame(
          () => void flow.fitView({ duration: motionMs(180), padding: 0.12, maxZoom: 1, minZoom: 0.45 }),
        );
    } catch (error) {
      toast({ title: t("arrangeFailed"), detail: error instanceof Error ? error.message : String(error), tone: "bad" });
    }
  }, [workbench, flow, t]);
}

import { useReactFlow } from "@xyflow/react";
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { layoutPositions } from "../graph/auto-layout.ts";
import { setLayout } from "../graph/commands.ts";
import { useWorkbench } from "../hooks/use-workbench.ts";
import { motionMs } from "../ui/motion.ts";
import { toast } from "../ui/toast.tsx";

/** Lays out the chosen nodes (two or more), or all. */
export function useArrange(): () => Promise<void> {
  const workbench = useWorkbench();
  const flow = useReactFlow();
  const { t } = useTranslation("canvas");
  return useCallback(async () => {
    try {
      const { reader } = workbench.reader.getState();
      const places = await layoutPositions(workbench.graph(), reader, workbench.selection.getState().nodes);
      workbench.apply(setLayout(places));
      // All of it was arranged: all of it is shown, where it went.
      if (Object.keys(places).length > 1 && workbench.selection.getState().nodes.size < 2)
        requestAnimationFrame(
          () => void flow.fitView({ duration: motionMs(180), padding: 0.12, maxZoom: 1, minZoom: 0.45 }),
        );
    } catch (error) {
      toast({ title: t("arrangeFailed"), detail: error instanceof Error ? error.message : String(error), tone: "bad" });
    }
  }, [workbench, flow, t]);
}

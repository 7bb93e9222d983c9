import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { setLayout } from "../state/commands.ts";
import { useWorkbench } from "../state/use-workbench.ts";
import { toast } from "../ui/toast.tsx";
import { layoutPlaces } from "./layout.ts";

/** Lays out the chosen nodes (two or more), or all. */
export function useArrange(): () => Promise<void> {
  const workbench = useWorkbench();
  const { t } = useTranslation("canvas");
  return useCallback(async () => {
    try {
      const { reader } = workbench.reader.getState();
      const places = await layoutPlaces(workbench.graph(), reader, workbench.selection.getState().nodes);
      workbench.apply(setLayout(places));
    } catch (error) {
      toast({ title: t("arrangeFailed"), detail: error instanceof Error ? error.message : String(error), tone: "bad" });
    }
  }, [workbench, t]);
}

import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { pasteGraph } from "../graph/fragment.ts";
import { useTextReader } from "../hooks/use-read-file.ts";
import { useWorkbench } from "../hooks/use-workbench.ts";
import { toast } from "../ui/toast.tsx";

/** Pastes a text with its top left corner at `position` and selects the new nodes, or shows a toast about what it is. */
export function usePaste(): (text: string, position: { x: number; y: number }) => void {
  const workbench = useWorkbench();
  const { t } = useTranslation("editing");
  const read = useTextReader("paste");
  return useCallback(
    (text, position) => {
      const found = read(text);
      if (!("graph" in found)) return toast({ tone: "bad", ...found });
      if (found.graph.nodes.length === 0) return toast({ tone: "bad", title: t("paste.empty") });
      const { command, ids } = pasteGraph(workbench.graph(), found.graph, position);
      workbench.apply(command);
      workbench.selection.select(ids);
    },
    [workbench, read, t],
  );
}

import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { pasteGraph } from "../graph/fragment.ts";
import { useTextReader } from "../hooks/use-read-file.ts";
import { useWorkbench } from "../hooks/use-workbench.ts";
import { toast } from "../ui/toast.tsx";

/** Pastes a text with its top left corner at `place`, and chooses what came; or says in a sentence what the text is. */
export function usePaste(): (text: string, place: { x: number; y: number }) => void {
  const workbench = useWorkbench();
  const { t } = useTranslation("editing");
  const read = useTextReader("paste");
  return useCallback(
    (text, place) => {
      const found = read(text);
      if (!("graph" in found)) return toast({ tone: "bad", ...found });
      if (found.graph.nodes.length === 0) return toast({ tone: "bad", title: t("paste.empty") });
      const { command, ids } = pasteGraph(workbench.graph(), found.graph, place);
      workbench.apply(command);
      workbench.selection.choose(ids);
    },
    [workbench, read, t],
  );
}

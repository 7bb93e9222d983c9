import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { GraphEdge } from "../../runtime/graph.ts";
import { type Drawn, drawEdge } from "../session/draw-edge.ts";
import { toast } from "../ui/toast.tsx";
import { useWorkbench } from "./use-workbench.ts";

/** Draws edges. When an edge replaced others, a toast says how many and offers to undo it. */
export function useDrawEdge(): { draw(edge: GraphEdge, old?: string): void; report(drawn: Drawn | undefined): void } {
  const workbench = useWorkbench();
  const { t } = useTranslation("canvas");
  return useMemo(() => {
    const report = (drawn: Drawn | undefined) => {
      if (!drawn || drawn.replaced === 0) return;
      toast({
        title: t("replaced", { count: drawn.replaced }),
        action: { label: t("action.undo"), onSelect: drawn.undo },
      });
    };
    return { draw: (edge, old) => report(drawEdge(workbench, edge, old)), report };
  }, [workbench, t]);
}

import { useReactFlow } from "@xyflow/react";
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { applyPatch, type PatchPart } from "../../runtime/patch.ts";
import { boundsOfNodes } from "../graph/boxes.ts";
import { type Command, move } from "../graph/commands.ts";
import { table } from "../graph/node-types.ts";
import { positionNew } from "../graph/position-new.ts";
import { useWorkbench } from "../hooks/use-workbench.ts";
import { motionMs } from "../ui/motion.ts";
import { toast } from "../ui/toast.tsx";

/** Applies parts of a patch to the current graph in one undo step, makes room for new nodes, and shows them. */
export function useApplyPatch(): (parts: readonly PatchPart[]) => Promise<void> {
  const workbench = useWorkbench();
  const flow = useReactFlow();
  const { t } = useTranslation("canvas");
  return useCallback(
    async (parts) => {
      const before = workbench.graph();
      const had = new Set(before.nodes.map((node) => node.id));
      let positions: Record<string, { x: number; y: number }> = {};
      try {
        positions = await positionNew(
          before,
          applyPatch(before, parts, table).graph,
          workbench.reader.getState().reader,
        );
      } catch (error) {
        // The nodes keep their positions from the patch, which overlap nothing.
        toast({
          title: t("arrangeFailed"),
          detail: error instanceof Error ? error.message : String(error),
          tone: "bad",
        });
      }
      workbench.apply(build(parts, positions));
      const fresh = workbench
        .graph()
        .nodes.filter((node) => !had.has(node.id))
        .map((node) => node.id);
      if (fresh.length === 0) return;
      workbench.selection.select(fresh);
      const bounds = boundsOfNodes(
        workbench.graph(),
        [...fresh, ...Object.keys(positions)],
        workbench.reader.getState().reader,
      );
      if (bounds)
        requestAnimationFrame(() => {
          const pane = document.querySelector(".react-flow")?.getBoundingClientRect();
          const corner = flow.flowToScreenPosition({ x: bounds.x, y: bounds.y });
          const end = flow.flowToScreenPosition({ x: bounds.x + bounds.width, y: bounds.y + bounds.height });
          const seen = pane && corner.x > pane.left && corner.y > pane.top && end.x < pane.right && end.y < pane.bottom;
          if (!seen) void flow.fitView({ duration: motionMs(180), padding: 0.12, maxZoom: 1, minZoom: 0.45 });
        });
    },
    [workbench, flow, t],
  );
}

function build(parts: readonly PatchPart[], positions: Record<string, { x: number; y: number }>): Command {
  return {
    label: "build",
    run(graph) {
      const { graph: next, left } = applyPatch(graph, parts, table);
      if (left.length === parts.length) return graph;
      const there = new Set(next.nodes.map((node) => node.id));
      return move(Object.fromEntries(Object.entries(positions).filter(([id]) => there.has(id)))).run(next);
    },
  };
}

import { Panel, useReactFlow, useStore } from "@xyflow/react";
import { Maximize, Minus, Plus, Workflow } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useStore as useZustand } from "zustand";
import { useWorkbench } from "../hooks/use-workbench.ts";
import { IconButton } from "../ui/icon-button.tsx";
import { motionMs } from "../ui/motion.ts";
import { useArrange } from "./use-arrange.ts";

export function ZoomBar() {
  const { t } = useTranslation("canvas");
  const flow = useReactFlow();
  const arrange = useArrange();
  const arranging = useZustand(useWorkbench().overlays, (state) => state.arranging);
  return (
    <Panel
      position="bottom-left"
      className="!m-3.5 flex items-center gap-0.5 rounded-lg border border-line bg-surface p-0.5 shadow-card"
    >
      <IconButton
        icon={Workflow}
        label={t("action.arrange")}
        keys={["shift", "l"]}
        side="top"
        busy={arranging}
        onClick={() => void arrange()}
      />
      <IconButton
        icon={Maximize}
        label={t("action.fit")}
        keys={["shift", "1"]}
        side="top"
        onClick={() => void flow.fitView({ duration: motionMs(180), padding: 0.12, maxZoom: 1 })}
      />
      <IconButton
        icon={Minus}
        label={t("action.zoomOut")}
        keys={["mod", "-"]}
        side="top"
        onClick={() => void flow.zoomOut({ duration: motionMs(120) })}
      />
      <ZoomLevel />
      <IconButton
        icon={Plus}
        label={t("action.zoomIn")}
        keys={["mod", "+"]}
        side="top"
        onClick={() => void flow.zoomIn({ duration: motionMs(120) })}
      />
    </Panel>
  );
}

/** A component of its own, because it renders at each change of the zoom. */
function ZoomLevel() {
  const { t } = useTranslation("canvas");
  const flow = useReactFlow();
  const zoom = useStore((state) => Math.round(state.transform[2] * 100));
  return (
    <button
      type="button"
      className="h-8 w-12 rounded-md text-ink-2 tnum hover:bg-hover hover:text-ink"
      aria-label={`${zoom}%. ${t("action.zoomReset")}`}
      title={t("action.zoomReset")}
      onClick={() => void flow.zoomTo(1, { duration: motionMs(120) })}
    >
      {zoom}%
    </button>
  );
}

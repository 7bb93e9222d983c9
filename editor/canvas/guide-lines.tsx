import { ViewportPortal } from "@xyflow/react";
import { useStore } from "zustand";
import type { Box } from "../graph/boxes.ts";
import type { GuideStore } from "./guides.ts";

/** The lines that the dragged nodes snap to. Only these render again during a drag. */
export function GuideLines({ guides }: { guides: GuideStore }) {
  const { x, y } = useStore(guides);
  if (!x && !y) return null;
  return (
    <ViewportPortal>
      {x && <GuideLine axis="x" x={x.at} y={x.from} width={1} height={x.to - x.from} />}
      {y && <GuideLine axis="y" x={y.from} y={y.at} width={y.to - y.from} height={1} />}
    </ViewportPortal>
  );
}

function GuideLine({ axis, x, y, width, height }: Box & { axis: "x" | "y" }) {
  const style = { transform: `translate(${x}px, ${y}px)`, width, height };
  return (
    <span data-guide={axis} aria-hidden className="pointer-events-none absolute top-0 left-0 bg-accent" style={style} />
  );
}

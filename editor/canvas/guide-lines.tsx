import { ViewportPortal } from "@xyflow/react";
import { useStore } from "zustand";
import type { GuideStore, Line } from "./guides.ts";

/** The lines that the dragged nodes have snapped to. Drawn alone: nothing else hears of the drag. */
export function GuideLines({ guides }: { guides: GuideStore }) {
  const { x, y } = useStore(guides);
  if (!x && !y) return null;
  return (
    <ViewportPortal>
      {x && (
        <span
          data-guide="x"
          aria-hidden
          className={LINE}
          style={{ ...across(x.at, x.from), height: length(x), width: 1 }}
        />
      )}
      {y && (
        <span
          data-guide="y"
          aria-hidden
          className={LINE}
          style={{ ...across(y.from, y.at), width: length(y), height: 1 }}
        />
      )}
    </ViewportPortal>
  );
}

const LINE = "pointer-events-none absolute top-0 left-0 bg-accent";
const across = (x: number, y: number) => ({ transform: `translate(${x}px, ${y}px)` });
const length = (line: Line) => line.to - line.from;

import { getViewportForBounds, useStoreApi, type Viewport } from "@xyflow/react";
import { useMemo } from "react";
import { boundsOf, cardBox } from "../graph/boxes.ts";
import { useWorkbench } from "../hooks/use-workbench.ts";
import type { Workbench } from "../session/workbench.ts";

const LEAST = 0.5;

/** Where the canvas opens: as it was left, else with all of a small graph or the beginning of a large one. */
export function useInitialViewport(): { viewport: Viewport; remember: (event: unknown, viewport: Viewport) => void } {
  const workbench = useWorkbench();
  const flow = useStoreApi();
  return useMemo(() => {
    const key = `patchbay.view.${[workbench.id, ...(workbench.inside?.path ?? [])].join("/")}`;
    const room = roomOf(workbench);
    const viewport = remembered(key) ?? whole(workbench, room);
    // React Flow takes `defaultViewport` after it has drawn once. Told before, it draws what is in view at once, and once.
    if (flow.getState().panZoom === null)
      flow.setState({ transform: [viewport.x, viewport.y, viewport.zoom], ...room });
    return {
      viewport,
      remember: (_event: unknown, viewport: Viewport) => {
        try {
          sessionStorage.setItem(key, JSON.stringify(viewport));
        } catch {
          // Storage is full or forbidden: the next visit opens on the whole graph.
        }
      },
    };
  }, [workbench, flow]);
}

function remembered(key: string): Viewport | undefined {
  try {
    const kept = JSON.parse(sessionStorage.getItem(key) ?? "null") as Viewport | null;
    return kept && [kept.x, kept.y, kept.zoom].every(Number.isFinite) ? kept : undefined;
  } catch {
    return undefined;
  }
}

interface Room {
  width: number;
  height: number;
}

/** The four places leave this much room on a usual screen; the true size is not known before the first paint. */
function roomOf(workbench: Workbench): Room {
  const { left, right, bottom, rightWidth } = workbench.panels.getState();
  // A past run stands between the menu, its own bar, its timeline and what is chosen in it.
  if (workbench.document.getState().frozen)
    return { width: window.innerWidth - 176 - 372, height: window.innerHeight - 46 - 45 - 192 };
  return {
    width: window.innerWidth - 50 - (left ? 224 : 0) - (right ? rightWidth : 0),
    height: window.innerHeight - 46 - (bottom ? 46 : 0),
  };
}

function whole(workbench: Workbench, room: Room): Viewport {
  const graph = workbench.graph();
  const { reader } = workbench.reader.getState();
  const box = boundsOf(graph.nodes.map((node) => cardBox(graph, node, reader)));
  if (!box) return { x: room.width / 2 - 110, y: room.height / 3, zoom: 1 };
  const fit = getViewportForBounds(box, room.width, room.height, 0, 1, "32px");
  if (fit.zoom >= LEAST) return fit;
  const zoom = 0.75;
  return { x: 32 - box.x * zoom, y: 32 - box.y * zoom, zoom };
}

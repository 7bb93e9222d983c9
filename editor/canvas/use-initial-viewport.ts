import { useStoreApi, type Viewport } from "@xyflow/react";
import { useMemo } from "react";
import { nodeSize, positionOf } from "../graph/card-size.ts";
import { drawnPorts } from "../graph/ports.ts";
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
  const { left, right, below, rightWidth } = workbench.panels.getState();
  // A past run stands between the menu, its own bar, its timeline and what is chosen in it.
  if (workbench.document.getState().frozen)
    return { width: window.innerWidth - 176 - 372, height: window.innerHeight - 46 - 45 - 192 };
  return {
    width: window.innerWidth - 50 - (left ? 224 : 0) - (right ? rightWidth : 0),
    height: window.innerHeight - 46 - (below ? 46 : 0),
  };
}

function whole(workbench: Workbench, room: Room): Viewport {
  const graph = workbench.graph();
  const { reader } = workbench.reader.getState();
  const boxes = graph.nodes.map((node) => {
    const place = positionOf(graph, node.id);
    const size = nodeSize(node, drawnPorts(graph, node, reader), place);
    return { x: place.x, y: place.y, right: place.x + size.width, bottom: place.y + size.height };
  });
  if (boxes.length === 0) return { x: room.width / 2 - 110, y: room.height / 3, zoom: 1 };
  const x = Math.min(...boxes.map((box) => box.x));
  const y = Math.min(...boxes.map((box) => box.y));
  const width = Math.max(...boxes.map((box) => box.right)) - x;
  const height = Math.max(...boxes.map((box) => box.bottom)) - y;
  const fit = Math.min(1, (room.width - 64) / width, (room.height - 64) / height);
  if (fit >= LEAST)
    return { x: (room.width - width * fit) / 2 - x * fit, y: (room.height - height * fit) / 2 - y * fit, zoom: fit };
  const zoom = 0.75;
  return { x: 32 - x * zoom, y: 32 - y * zoom, zoom };
}

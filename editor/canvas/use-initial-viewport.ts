import { getViewportForBounds, useStoreApi, type Viewport } from "@xyflow/react";
import { useMemo } from "react";
import { boundsOf, cardBox } from "../graph/boxes.ts";
import { useWorkbench } from "../hooks/use-workbench.ts";
import { nodeList } from "../session/panel-layout.ts";
import { readJson, writeJson } from "../session/stored-json.ts";
import type { Workbench } from "../session/workbench.ts";

/** The smallest zoom at which all text of a card is easy to read. A larger graph opens at its start instead. */
const MIN_ZOOM = 0.8;

/** The viewport in which the canvas opens: the last one in this tab, else all of a small graph or the start of a large one. */
export function useInitialViewport(): { viewport: Viewport; remember: (viewport: Viewport) => void } {
  const workbench = useWorkbench();
  const flow = useStoreApi();
  return useMemo(() => {
    const key = `patchbay.view.${[workbench.id, ...(workbench.inside?.path ?? [])].join("/")}`;
    const size = canvasSize(workbench);
    const viewport = readViewport(key) ?? fittingViewport(workbench, size);
    // React Flow applies `defaultViewport` only after a first render. Set here, the visible nodes render at once, and once.
    if (flow.getState().panZoom === null)
      flow.setState({ transform: [viewport.x, viewport.y, viewport.zoom], ...size });
    return {
      viewport,
      remember: (viewport: Viewport) => writeJson(storage, key, viewport),
    };
  }, [workbench, flow]);
}

const storage = () => sessionStorage;

function readViewport(key: string): Viewport | undefined {
  const stored = readJson(storage, key) as Partial<Viewport> | null | undefined;
  return [stored?.x, stored?.y, stored?.zoom].every(Number.isFinite) ? (stored as Viewport) : undefined;
}

interface Size {
  width: number;
  height: number;
}

/** The size that the panels leave to the canvas. An estimate: the real size is unknown before the first paint. */
function canvasSize(workbench: Workbench): Size {
  const panels = workbench.panels.getState();
  const { right, bottom, rightWidth } = panels;
  // The view of a past run has other panels: the rail, its own bar, the timeline and the inspector.
  if (workbench.document.getState().frozen)
    return { width: window.innerWidth - 176 - 372, height: window.innerHeight - 46 - 45 - 192 };
  return {
    width: window.innerWidth - 50 - nodeList(panels, window.innerWidth).width - (right ? rightWidth : 0),
    height: window.innerHeight - 46 - (bottom ? 46 : 0),
  };
}

function fittingViewport(workbench: Workbench, size: Size): Viewport {
  const graph = workbench.graph();
  const { reader } = workbench.reader.getState();
  const box = boundsOf(graph.nodes.map((node) => cardBox(graph, node, reader)));
  if (!box) return { x: size.width / 2 - 110, y: size.height / 3, zoom: 1 };
  const fit = getViewportForBounds(box, size.width, size.height, 0, 1, "32px");
  if (fit.zoom >= MIN_ZOOM) return fit;
  // From the left; a graph that is not too high is in the middle.
  const y = Math.max(32, (size.height - box.height * MIN_ZOOM) / 2);
  return { x: 32 - box.x * MIN_ZOOM, y: y - box.y * MIN_ZOOM, zoom: MIN_ZOOM };
}

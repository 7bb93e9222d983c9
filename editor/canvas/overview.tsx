import { Panel, type ReactFlowState, useReactFlow, useStoreApi } from "@xyflow/react";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { type Box, boundsOf } from "../graph/boxes.ts";
import { type FlowEdge, type FlowNode, flowBox } from "./flow-model.ts";

const WIDTH = 150;
const HEIGHT = 92;
/** The margin around the graph, as a share of the overview. */
const MARGIN = 0.06;

type State = ReactFlowState<FlowNode, FlowEdge>;

/**
 * The overview map. Dragging moves the viewport, the wheel zooms. Two canvases, one over the other: the nodes, painted when
 * they change, and the viewport as one rectangle. So a move of the viewport costs the same for any number of nodes.
 */
export function Overview() {
  const { t } = useTranslation("canvas");
  const store = useStoreApi<FlowNode, FlowEdge>();
  const flow = useReactFlow<FlowNode, FlowEdge>();
  const nodes = useRef<HTMLCanvasElement>(null);
  const view = useRef<HTMLCanvasElement>(null);
  const panel = useRef<HTMLDivElement>(null);

  useEffect(() => {
    let frame = 0;
    let drawn: Transform & { nodes?: State["nodes"] } = { scale: 1, x: 0, y: 0 };
    let graph: Box | undefined;
    /** During a drag: from the pointer to the center of the viewport. */
    let offset: { x: number; y: number } | undefined;
    const draw = () => {
      frame = 0;
      const state = store.getState();
      const changed = state.nodes !== drawn.nodes;
      if (changed) graph = boundsOf(boxesOf(state.nodes));
      const viewport = viewportOf(state);
      // The map does not shift under the pointer.
      const next = offset ? drawn : transformFor(graph ? boundsOf([graph, viewport])! : viewport);
      if (changed || next.scale !== drawn.scale || next.x !== drawn.x || next.y !== drawn.y) {
        drawn = { ...next, nodes: state.nodes };
        drawNodes(nodes.current!, state.nodes, drawn);
      }
      drawViewport(view.current!, viewport, drawn);
    };
    const schedule = () => {
      frame ||= requestAnimationFrame(draw);
    };
    schedule();
    const end = store.subscribe((state, before) => {
      if (state.nodes !== before.nodes || state.transform !== before.transform || state.width !== before.width)
        schedule();
    });
    // The theme sets the colours, which are read when the nodes are painted.
    const themeObserver = new MutationObserver(() => {
      drawn.nodes = undefined;
      schedule();
    });
    themeObserver.observe(document.documentElement, { attributeFilter: ["data-theme", "data-contrast"] });

    const box = panel.current!;
    const pointOf = (event: MouseEvent) => {
      const { left, top } = box.getBoundingClientRect();
      return {
        x: drawn.x + (event.clientX - left) * drawn.scale,
        y: drawn.y + (event.clientY - top) * drawn.scale,
      };
    };
    const press = (event: PointerEvent) => {
      if (event.button !== 0) return;
      const { x, y, width, height } = viewportOf(store.getState());
      const point = pointOf(event);
      // A press inside the viewport drags it; a press elsewhere centers it there.
      const inside = point.x > x && point.x < x + width && point.y > y && point.y < y + height;
      offset = inside ? { x: x + width / 2 - point.x, y: y + height / 2 - point.y } : { x: 0, y: 0 };
      box.setPointerCapture(event.pointerId);
      drag(event);
    };
    const drag = (event: PointerEvent) => {
      if (!offset) return;
      const point = pointOf(event);
      void flow.setCenter(point.x + offset.x, point.y + offset.y, { zoom: flow.getZoom() });
    };
    const release = () => {
      offset = undefined;
      schedule();
    };
    const zoom = (event: WheelEvent) => {
      event.preventDefault();
      void flow.zoomTo(flow.getZoom() * 2 ** (-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.004)));
    };
    const listeners = new AbortController();
    const { signal } = listeners;
    box.addEventListener("pointerdown", press, { signal });
    box.addEventListener("pointermove", drag, { signal });
    box.addEventListener("pointerup", release, { signal });
    box.addEventListener("pointercancel", release, { signal });
    box.addEventListener("wheel", zoom, { passive: false, signal });
    return () => {
      end();
      themeObserver.disconnect();
      cancelAnimationFrame(frame);
      listeners.abort();
    };
  }, [store, flow]);

  return (
    <Panel ref={panel} position="bottom-right" className="overview max-md:hidden" role="img" aria-label={t("minimap")}>
      <canvas ref={nodes} style={{ width: WIDTH, height: HEIGHT }} />
      <canvas ref={view} style={{ width: WIDTH, height: HEIGHT }} />
    </Panel>
  );
}

/** One at a time, without a list: this runs in each frame of a drag. */
function* boxesOf(nodes: readonly FlowNode[]): Generator<Box> {
  for (const node of nodes) yield flowBox(node);
}

/** The visible part of the canvas, in canvas pixels. */
function viewportOf({ transform: [x, y, zoom], width, height }: State): Box {
  return { x: -x / zoom, y: -y / zoom, width: width / zoom, height: height / zoom };
}

/** From canvas pixels to pixels of the overview: subtract `x` and `y`, then divide by `scale`. */
interface Transform {
  scale: number;
  x: number;
  y: number;
}

/** Shows the whole box, centered. */
function transformFor(box: Box): Transform {
  const scale = Math.max(box.width / WIDTH, box.height / HEIGHT) * (1 + 2 * MARGIN);
  return {
    scale,
    x: box.x + (box.width - WIDTH * scale) / 2,
    y: box.y + (box.height - HEIGHT * scale) / 2,
  };
}

/** Clears a canvas, and sets its resolution to that of the screen and its unit to CSS pixels. */
function clear(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const ratio = window.devicePixelRatio;
  const width = Math.round(WIDTH * ratio);
  const height = Math.round(HEIGHT * ratio);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d")!;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, WIDTH, HEIGHT);
  return context;
}

function drawNodes(canvas: HTMLCanvasElement, nodes: readonly FlowNode[], { scale, x, y }: Transform): void {
  const context = clear(canvas);
  const style = getComputedStyle(canvas);
  const color = style.getPropertyValue("--line-strong");
  const selectedColor = style.getPropertyValue("--accent");
  for (const node of nodes) {
    if (node.type === "frame") continue;
    const box = flowBox(node);
    context.fillStyle = node.selected ? selectedColor : color;
    // A card is at least one pixel.
    context.fillRect(
      (box.x - x) / scale,
      (box.y - y) / scale,
      Math.max(1, box.width / scale),
      Math.max(1, box.height / scale),
    );
  }
}

function drawViewport(canvas: HTMLCanvasElement, viewport: Box, { scale, x, y }: Transform): void {
  const context = clear(canvas);
  const left = (viewport.x - x) / scale;
  const top = (viewport.y - y) / scale;
  const width = viewport.width / scale;
  const height = viewport.height / scale;
  const style = getComputedStyle(canvas);
  context.globalAlpha = 0.5;
  context.fillStyle = style.getPropertyValue("--paper");
  context.fillRect(0, 0, WIDTH, HEIGHT);
  context.clearRect(left, top, width, height);
  context.globalAlpha = 0.8;
  context.strokeStyle = style.getPropertyValue("--line-strong");
  context.strokeRect(left + 0.5, top + 0.5, width - 1, height - 1);
}

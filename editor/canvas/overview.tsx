import { Panel, type ReactFlowState, useReactFlow, useStoreApi } from "@xyflow/react";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { CARD } from "../graph/card-size.ts";
import type { FlowEdge, FlowNode } from "./flow-model.ts";

const WIDTH = 150;
const HEIGHT = 92;
/** Room around the graph, as a share of the overview. */
const MARGIN = 0.06;

interface Box {
  x: number;
  y: number;
  right: number;
  bottom: number;
}

type State = ReactFlowState<FlowNode, FlowEdge>;

/**
 * The whole graph, small, with what is seen of it: drag in it to go there, turn the wheel to come nearer. Two pictures,
 * one over the other: the nodes, painted anew when they change, and the view, which is one rectangle. A graph of
 * thousands costs no more while the view moves than one of ten.
 */
export function Overview() {
  const { t } = useTranslation("canvas");
  const store = useStoreApi<FlowNode, FlowEdge>();
  const flow = useReactFlow<FlowNode, FlowEdge>();
  const nodes = useRef<HTMLCanvasElement>(null);
  const view = useRef<HTMLCanvasElement>(null);
  const panel = useRef<HTMLDivElement>(null);

  useEffect(() => {
    let asked = 0;
    let drawn: Place & { nodes?: State["nodes"] } = { scale: 1, x: 0, y: 0 };
    let graph: Box | undefined;
    /** While it is dragged: from the pointer to the middle of what is seen. */
    let held: { x: number; y: number } | undefined;
    const draw = () => {
      asked = 0;
      const state = store.getState();
      const changed = state.nodes !== drawn.nodes;
      if (changed) graph = around(state.nodes);
      const seen = seenOf(state);
      // Under the pointer nothing shifts.
      const place = held ? drawn : placeOf(graph ? join(graph, seen) : seen);
      if (changed || place.scale !== drawn.scale || place.x !== drawn.x || place.y !== drawn.y) {
        drawn = { ...place, nodes: state.nodes };
        drawNodes(nodes.current!, state.nodes, drawn);
      }
      drawView(view.current!, seen, drawn);
    };
    const soon = () => {
      asked ||= requestAnimationFrame(draw);
    };
    const anew = () => {
      drawn.nodes = undefined;
      soon();
    };
    soon();
    const end = store.subscribe((state, before) => {
      if (state.nodes !== before.nodes || state.transform !== before.transform || state.width !== before.width) soon();
    });
    // Colours are read when it is drawn.
    const look = new MutationObserver(anew);
    look.observe(document.documentElement, { attributeFilter: ["data-theme", "data-contrast"] });

    const box = panel.current!;
    const at = (event: MouseEvent) => {
      const { left, top } = box.getBoundingClientRect();
      return {
        x: drawn.x + (event.clientX - left) * drawn.scale,
        y: drawn.y + (event.clientY - top) * drawn.scale,
      };
    };
    const press = (event: PointerEvent) => {
      if (event.button !== 0) return;
      const seen = seenOf(store.getState());
      const point = at(event);
      // Pressed in what is seen, that is taken along; elsewhere the view goes there.
      const inside = point.x > seen.x && point.x < seen.right && point.y > seen.y && point.y < seen.bottom;
      const middle = { x: (seen.x + seen.right) / 2, y: (seen.y + seen.bottom) / 2 };
      held = inside ? { x: middle.x - point.x, y: middle.y - point.y } : { x: 0, y: 0 };
      box.setPointerCapture(event.pointerId);
      drag(event);
    };
    const drag = (event: PointerEvent) => {
      if (!held) return;
      const point = at(event);
      void flow.setCenter(point.x + held.x, point.y + held.y, { zoom: flow.getZoom() });
    };
    const release = () => {
      held = undefined;
      soon();
    };
    const zoom = (event: WheelEvent) => {
      event.preventDefault();
      void flow.zoomTo(flow.getZoom() * 2 ** (-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.004)));
    };
    box.addEventListener("pointerdown", press);
    box.addEventListener("pointermove", drag);
    box.addEventListener("pointerup", release);
    box.addEventListener("pointercancel", release);
    box.addEventListener("wheel", zoom, { passive: false });
    return () => {
      end();
      look.disconnect();
      cancelAnimationFrame(asked);
      box.removeEventListener("pointerdown", press);
      box.removeEventListener("pointermove", drag);
      box.removeEventListener("pointerup", release);
      box.removeEventListener("pointercancel", release);
      box.removeEventListener("wheel", zoom);
    };
  }, [store, flow]);

  return (
    <Panel ref={panel} position="bottom-right" className="overview max-md:hidden" role="img" aria-label={t("minimap")}>
      <canvas ref={nodes} style={{ width: WIDTH, height: HEIGHT }} />
      <canvas ref={view} style={{ width: WIDTH, height: HEIGHT }} />
    </Panel>
  );
}

function sizeOf(node: FlowNode): { width: number; height: number } {
  return {
    width: node.measured?.width ?? node.width ?? CARD.width,
    height: node.measured?.height ?? node.height ?? CARD.head,
  };
}

/** Without a box for each node: this runs in every frame of a drag. */
function around(nodes: readonly FlowNode[]): Box | undefined {
  if (nodes.length === 0) return undefined;
  const box = { x: Infinity, y: Infinity, right: -Infinity, bottom: -Infinity };
  for (const node of nodes) {
    const { width, height } = sizeOf(node);
    box.x = Math.min(box.x, node.position.x);
    box.y = Math.min(box.y, node.position.y);
    box.right = Math.max(box.right, node.position.x + width);
    box.bottom = Math.max(box.bottom, node.position.y + height);
  }
  return box;
}

function join(a: Box, b: Box): Box {
  return {
    x: Math.min(a.x, b.x),
    y: Math.min(a.y, b.y),
    right: Math.max(a.right, b.right),
    bottom: Math.max(a.bottom, b.bottom),
  };
}

function seenOf({ transform: [x, y, zoom], width, height }: State): Box {
  return { x: -x / zoom, y: -y / zoom, right: (width - x) / zoom, bottom: (height - y) / zoom };
}

/** Flow pixels to one of the overview, and what stands in its corner. */
interface Place {
  scale: number;
  x: number;
  y: number;
}

/** The whole of a box, in the middle. */
function placeOf(box: Box): Place {
  const scale = Math.max((box.right - box.x) / WIDTH, (box.bottom - box.y) / HEIGHT) * (1 + 2 * MARGIN);
  return {
    scale,
    x: (box.x + box.right - WIDTH * scale) / 2,
    y: (box.y + box.bottom - HEIGHT * scale) / 2,
  };
}

/** A canvas that is empty, sharp on this screen, and measured in the pixels of the page. */
function brush(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const sharp = window.devicePixelRatio;
  const width = Math.round(WIDTH * sharp);
  const height = Math.round(HEIGHT * sharp);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d")!;
  context.setTransform(sharp, 0, 0, sharp, 0, 0);
  context.clearRect(0, 0, WIDTH, HEIGHT);
  return context;
}

function drawNodes(canvas: HTMLCanvasElement, nodes: readonly FlowNode[], { scale, x, y }: Place): void {
  const context = brush(canvas);
  const style = getComputedStyle(canvas);
  const calm = style.getPropertyValue("--line-strong");
  const chosen = style.getPropertyValue("--accent");
  for (const node of nodes) {
    if (node.type === "frame") continue;
    const { width, height } = sizeOf(node);
    context.fillStyle = node.selected ? chosen : calm;
    // From very far a card is still a point.
    context.fillRect(
      (node.position.x - x) / scale,
      (node.position.y - y) / scale,
      Math.max(1, width / scale),
      Math.max(1, height / scale),
    );
  }
}

function drawView(canvas: HTMLCanvasElement, seen: Box, { scale, x, y }: Place): void {
  const context = brush(canvas);
  const left = (seen.x - x) / scale;
  const top = (seen.y - y) / scale;
  const width = (seen.right - seen.x) / scale;
  const height = (seen.bottom - seen.y) / scale;
  const style = getComputedStyle(canvas);
  context.globalAlpha = 0.5;
  context.fillStyle = style.getPropertyValue("--paper");
  context.fillRect(0, 0, WIDTH, HEIGHT);
  context.clearRect(left, top, width, height);
  context.globalAlpha = 0.8;
  context.strokeStyle = style.getPropertyValue("--line-strong");
  context.strokeRect(left + 0.5, top + 0.5, width - 1, height - 1);
}

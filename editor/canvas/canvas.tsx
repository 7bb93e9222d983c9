import {
  ConnectionMode,
  ReactFlow,
  type ReactFlowProps,
  SelectionMode,
  useStore as useFlowStore,
  useReactFlow,
  type Viewport,
} from "@xyflow/react";
import { type DragEvent, type MouseEvent, type ReactNode, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { CARD } from "../graph/card-size.ts";
import { table } from "../graph/node-types.ts";
import { useDrawEdge } from "../hooks/use-draw-edge.ts";
import { useFirstPaintDone } from "../hooks/use-first-paint.ts";
import { useDocument, useWorkbench } from "../hooks/use-workbench.ts";
import { addNodeAt, DRAG_TYPE } from "../session/add-node.ts";
import type { Adding } from "../session/overlays.ts";
import { showForm } from "../session/show-form.ts";
import { ContextMenu, type MenuItem } from "../ui/menu.tsx";
import { Card } from "./card.tsx";
import { connectionHandlers } from "./connection-handlers.ts";
import { Dots } from "./dots.tsx";
import { EdgeView } from "./edge.tsx";
import { EmptyCanvas } from "./empty-canvas.tsx";
import type { FlowEdge, FlowNode } from "./flow-model.ts";
import { FrameCard } from "./frame-card.tsx";
import { GuideLines } from "./guide-lines.tsx";
import { NoteCard } from "./note-card.tsx";
import { Overview } from "./overview.tsx";
import { ReplacedEdges } from "./replaced-edges.ts";
import { useFlow } from "./use-flow.ts";
import { useInitialViewport } from "./use-initial-viewport.ts";
import { useMoveTransition } from "./use-move-transition.ts";
import { useRevealNode, useShowAdded } from "./use-reveal-node.ts";
import { ZoomBar } from "./zoom-bar.tsx";
import { isZoomedOut, ZoomedOutContext } from "./zoomed-out.ts";
import "./canvas.css";

const nodeTypes = { card: Card, annotation: NoteCard, frame: FrameCard } satisfies Record<
  NonNullable<FlowNode["type"]>,
  unknown
>;
const edgeTypes = { edge: EdgeView };
const NO_KEYS: string[] = [];
const MULTI = ["Meta", "Control", "Shift"];
const PRO = { hideAttribution: true };
const SNAP: [number, number] = [11, 11];
/** The viewport has stopped after this time without a move. */
const MOVE_END_MS = 200;

/** In a narrower canvas, in pixels, the overview would cover the zoom buttons. */
const MIN_OVERVIEW_WIDTH = 440;

/** The items of the context menu, by what was clicked. `add` opens the list of nodes at the pointer. */
export interface CanvasMenus {
  forNode(id: string): MenuItem[];
  forEdge(key: string, add: () => void): MenuItem[];
  forSelection(): MenuItem[];
  forPane(add: () => void): MenuItem[];
}

type StableHandlers = Pick<
  ReactFlowProps<FlowNode, FlowEdge>,
  | "onNodeContextMenu"
  | "onEdgeContextMenu"
  | "onSelectionContextMenu"
  | "onPaneContextMenu"
  | "onEdgeDoubleClick"
  | "onNodeClick"
  | "onNodeDoubleClick"
  | "onDoubleClick"
>;

/** The graph. Each action of the mouse is also possible by keyboard, menu or form. */
export function Canvas({ menus, children }: { menus: CanvasMenus; children?: ReactNode }) {
  const workbench = useWorkbench();
  const { t } = useTranslation("canvas");
  const { nodes, edges, onNodesChange, onEdgesChange, guides } = useFlow();
  const frozen = useDocument((state) => state.frozen);
  const flow = useReactFlow<FlowNode, FlowEdge>();
  const zoomedOut = useFlowStore(isZoomedOut);
  const wide = useFlowStore((state) => state.width >= MIN_OVERVIEW_WIDTH);
  const settling = useMoveTransition();
  const initial = useInitialViewport();
  const firstPaintDone = useFirstPaintDone();
  useRevealNode();
  useShowAdded();
  const setAdding = (next: Adding | undefined) => workbench.overlays.setState({ adding: next });
  const [menu, setMenu] = useState<MenuItem[]>([]);
  const overEdge = useRef<string>(undefined);

  const { draw } = useDrawEdge();
  const connecting = useMemo(() => connectionHandlers(workbench, flow, draw, t), [workbench, flow, draw, t]);

  /** The position of a card whose head is under the pointer. */
  const cardPosition = (event: { clientX: number; clientY: number }) => {
    const point = flow.screenToFlowPosition({ x: event.clientX, y: event.clientY });
    return { x: Math.round(point.x - CARD.width / 2), y: Math.round(point.y - CARD.head / 2) };
  };

  const edgeUnder = (event: DragEvent): string | undefined =>
    document
      .elementsFromPoint(event.clientX, event.clientY)
      .map((element) => element.closest<SVGGElement>(".react-flow__edge")?.dataset.id)
      .find((id) => id !== undefined);

  const onDragOver = (event: DragEvent) => {
    if (!event.dataTransfer.types.includes(DRAG_TYPE)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    overEdge.current = edgeUnder(event);
  };
  const onDrop = (event: DragEvent) => {
    const definition = table.get(event.dataTransfer.getData(DRAG_TYPE));
    if (!definition || frozen) return;
    event.preventDefault();
    addNodeAt(workbench, definition, { position: cardPosition(event), edge: overEdge.current });
    overEdge.current = undefined;
  };

  const addHere = (event: MouseEvent | globalThis.MouseEvent, edge?: string) => {
    setAdding({ at: { x: event.clientX, y: event.clientY }, edge, position: cardPosition(event) });
  };

  const addInMiddle = () => {
    const box = container.current?.getBoundingClientRect();
    if (!box) return;
    const at = { x: box.x + box.width / 2 - CARD.width / 2, y: box.y + box.height / 3 };
    setAdding({ at, position: flow.screenToFlowPosition(at) });
  };

  // React Flow passes these to every card and edge: with new functions, each move of a drag would render all of them.
  const latest = useRef({ menus, addHere });
  useLayoutEffect(() => {
    latest.current = { menus, addHere };
  });
  const stableHandlers = useMemo((): StableHandlers => {
    const items = () => latest.current.menus;
    const add: typeof addHere = (event, edge) => latest.current.addHere(event, edge);
    return {
      onNodeContextMenu: (_event, node) => setMenu(items().forNode(node.id)),
      onEdgeContextMenu: (event, edge) => setMenu(items().forEdge(edge.id, () => add(event, edge.id))),
      onSelectionContextMenu: () => setMenu(items().forSelection()),
      onPaneContextMenu: (event) => setMenu(items().forPane(() => add(event as MouseEvent))),
      onEdgeDoubleClick: (event, edge) => add(event, edge.id),
      // Also when the node was selected before. Moving through the matches of the search selects nodes and keeps its panel.
      onNodeClick: () => showForm(workbench, ["try", "find"]),
      onNodeDoubleClick: (_event, node) => node.type === "card" && workbench.panels.open("node"),
      onDoubleClick: (event) => (event.target as Element).classList.contains("react-flow__pane") && add(event),
    };
  }, [workbench]);
  // While the viewport moves, the browser moves one layer (`will-change`); the cards are painted again when it stops.
  const container = useRef<HTMLDivElement>(null);
  const moving = useMemo(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = () => container.current?.classList.remove("moving");
    return {
      // React Flow does not report the end of a move that returns to its start: hence the timer.
      move() {
        container.current?.classList.add("moving");
        clearTimeout(timer);
        timer = setTimeout(stop, MOVE_END_MS);
      },
      end(_event: unknown, viewport: Viewport) {
        clearTimeout(timer);
        stop();
        initial.remember(viewport);
      },
    };
  }, [initial]);
  const labels = useMemo(
    () => ({
      "node.a11yDescription.default": t("a11y.node"),
      "node.a11yDescription.keyboardDisabled": t("a11y.nodeMoving"),
      "edge.a11yDescription.default": t("a11y.edge"),
    }),
    [t],
  );

  return (
    <ContextMenu items={menu}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: React Flow inside is the interactive part */}
      <div
        ref={container}
        className={`relative size-full bg-paper ${settling ? "settling" : ""}`}
        onDragOver={onDragOver}
        onDrop={onDrop}
      >
        <ZoomedOutContext value={zoomedOut}>
          <ReactFlow<FlowNode, FlowEdge>
            nodes={nodes}
            edges={edges}
            onNodesChange={onNodesChange}
            onEdgesChange={onEdgesChange}
            nodeTypes={nodeTypes}
            edgeTypes={edgeTypes}
            {...connecting}
            {...stableHandlers}
            onlyRenderVisibleElements
            nodesDraggable={!frozen}
            nodesConnectable={!frozen}
            edgesReconnectable={!frozen && !zoomedOut}
            connectionMode={ConnectionMode.Strict}
            connectionRadius={26}
            selectionMode={SelectionMode.Partial}
            multiSelectionKeyCode={MULTI}
            deleteKeyCode={NO_KEYS}
            panOnScroll
            zoomOnDoubleClick={false}
            snapToGrid
            snapGrid={SNAP}
            minZoom={0.08}
            maxZoom={2}
            defaultViewport={initial.viewport}
            onMove={moving.move}
            onMoveEnd={moving.end}
            nodeDragThreshold={3}
            elevateEdgesOnSelect
            proOptions={PRO}
            ariaLabelConfig={labels}
            aria-label={t("graph")}
          >
            <Dots />
            {firstPaintDone && wide && <Overview />}
            <ZoomBar />
            <GuideLines guides={guides} />
            <ReplacedEdges />
          </ReactFlow>
        </ZoomedOutContext>
        <EmptyCanvas onAdd={addInMiddle} />
        {children}
      </div>
    </ContextMenu>
  );
}

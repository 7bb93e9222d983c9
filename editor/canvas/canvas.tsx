import {
  type Connection,
  ConnectionMode,
  type FinalConnectionState,
  type OnConnectStartParams,
  ReactFlow,
  type ReactFlowProps,
  SelectionMode,
  useStore as useFlowStore,
  useReactFlow,
  type Viewport,
} from "@xyflow/react";
import {
  type DragEvent,
  type MouseEvent,
  type ReactNode,
  useCallback,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { useTranslation } from "react-i18next";
import { canConnect, edgesToReplace } from "../graph/can-connect.ts";
import { CARD } from "../graph/card-size.ts";
import { connect, reconnect } from "../graph/commands.ts";
import { lookup } from "../graph/lookup.ts";
import { table } from "../graph/node-types.ts";
import { useFirstPaintDone } from "../hooks/use-first-paint.ts";
import { useDocument, useWorkbench } from "../hooks/use-workbench.ts";
import { addNodeAt, DRAG_TYPE } from "../session/add-node.ts";
import type { Adding } from "../session/overlays.ts";
import { ContextMenu, type MenuItem } from "../ui/menu.tsx";
import { toast } from "../ui/toast.tsx";
import { Card } from "./card.tsx";
import { Dots } from "./dots.tsx";
import { EdgeView } from "./edge.tsx";
import { EmptyCanvas } from "./empty-canvas.tsx";
import type { FlowEdge, FlowNode } from "./flow-model.ts";
import { FrameCard } from "./frame-card.tsx";
import { GuideLines } from "./guide-lines.tsx";
import { NoteCard } from "./note-card.tsx";
import { Overview } from "./overview.tsx";
import { useFlow } from "./use-flow.ts";
import { useInitialViewport } from "./use-initial-viewport.ts";
import { useMoveTransition } from "./use-move-transition.ts";
import { useRevealNode } from "./use-reveal-node.ts";
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
/** So long without a move, and the view is at rest. */
const REST_MS = 200;

/** What a right click offers, by what is under it. `add` opens the list of nodes there. */
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
  | "onNodeDoubleClick"
  | "onDoubleClick"
>;

/** The graph. Everything done with the mouse here is also done by keys, menu or form. */
export function Canvas({ menus, children }: { menus: CanvasMenus; children?: ReactNode }) {
  const workbench = useWorkbench();
  const { t } = useTranslation("canvas");
  const { nodes, edges, onNodesChange, onEdgesChange, guides } = useFlow();
  const frozen = useDocument((state) => state.frozen);
  const flow = useReactFlow<FlowNode, FlowEdge>();
  const zoomedOut = useFlowStore(isZoomedOut);
  const settling = useMoveTransition();
  const initial = useInitialViewport();
  const firstPaintDone = useFirstPaintDone();
  useRevealNode();
  const setAdding = (next: Adding | undefined) => workbench.overlays.setState({ adding: next });
  const [menu, setMenu] = useState<MenuItem[]>([]);
  const overEdge = useRef<string>(undefined);

  const allowed = useCallback(
    (edge: Connection | FlowEdge) => {
      if (!edge.sourceHandle || !edge.targetHandle) return false;
      const { reader } = workbench.reader.getState();
      return canConnect(workbench.graph(), reader, {
        from: `${edge.source}.${edge.sourceHandle}`,
        to: `${edge.target}.${edge.targetHandle}`,
      }).fits;
    },
    [workbench],
  );

  const onConnect = useCallback(
    (edge: Connection) => {
      const made = { from: `${edge.source}.${edge.sourceHandle}`, to: `${edge.target}.${edge.targetHandle}` };
      const { reader } = workbench.reader.getState();
      workbench.apply(connect(made, edgesToReplace(workbench.graph(), table, reader, made)));
    },
    [workbench],
  );

  const onReconnect = useCallback(
    (old: FlowEdge, edge: Connection) =>
      workbench.apply(
        reconnect(old.id, { from: `${edge.source}.${edge.sourceHandle}`, to: `${edge.target}.${edge.targetHandle}` }),
      ),
    [workbench],
  );

  const onConnectStart = useCallback(
    (_event: unknown, { nodeId, handleId, handleType }: OnConnectStartParams) => {
      const node = nodeId ? lookup(workbench.graph()).node(nodeId) : undefined;
      if (!node || !handleId) return;
      const ports = workbench.reader.getState().reader.ports(node);
      const port = (handleType === "source" ? ports.outputs : ports.inputs).find((one) => one.id === handleId);
      if (port)
        workbench.pendingEdge.setState({
          from: { node: node.id, port: port.id, kind: port.kind, side: handleType === "source" ? "out" : "in" },
        });
    },
    [workbench],
  );

  const showRefusal = useCallback(
    (state: FinalConnectionState) => {
      const { reader } = workbench.reader.getState();
      const ends = [
        { node: state.fromHandle?.nodeId, port: state.fromHandle?.id, type: state.fromHandle?.type },
        { node: state.toHandle?.nodeId, port: state.toHandle?.id, type: state.toHandle?.type },
      ];
      const source = ends.find((end) => end.type === "source");
      const target = ends.find((end) => end.type === "target");
      if (!source || !target) return toast({ title: t("refused.sides"), tone: "bad" });
      const verdict = canConnect(workbench.graph(), reader, {
        from: `${source.node}.${source.port}`,
        to: `${target.node}.${target.port}`,
      });
      if (!verdict.fits) toast({ title: t(`refused.${verdict.why}`), tone: "bad" });
    },
    [workbench, t],
  );

  const onConnectEnd = useCallback(
    (event: globalThis.MouseEvent | TouchEvent, state: FinalConnectionState) => {
      const { from } = workbench.pendingEdge.getState();
      workbench.pendingEdge.setState({ from: undefined });
      if (!from) return;
      const at = pointOf(event);
      if (state.toHandle && !state.isValid) return showRefusal(state);
      if (state.isValid || state.toNode) return;
      const point = flow.screenToFlowPosition(at);
      workbench.overlays.setState({
        adding: {
          at,
          openEnd: from,
          position: { x: from.side === "out" ? point.x : point.x - CARD.width, y: point.y - CARD.head },
        },
      });
    },
    [workbench, flow, showRefusal],
  );

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
    const point = flow.screenToFlowPosition({ x: event.clientX, y: event.clientY });
    addNodeAt(workbench, definition, {
      position: { x: Math.round(point.x - CARD.width / 2), y: Math.round(point.y - CARD.head / 2) },
      edge: overEdge.current,
    });
    overEdge.current = undefined;
  };

  const addHere = (event: MouseEvent | globalThis.MouseEvent, edge?: string) => {
    const at = { x: event.clientX, y: event.clientY };
    const point = flow.screenToFlowPosition(at);
    setAdding({
      at,
      edge,
      position: { x: Math.round(point.x - CARD.width / 2), y: Math.round(point.y - CARD.head / 2) },
    });
  };

  const addInMiddle = () => {
    const box = ground.current?.getBoundingClientRect();
    if (!box) return;
    const at = { x: box.x + box.width / 2 - CARD.width / 2, y: box.y + box.height / 3 };
    setAdding({ at, position: flow.screenToFlowPosition(at) });
  };

  // React Flow hands these to every card and wire: they stay the same, or each move of a drag would draw all of them.
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
      onNodeDoubleClick: (_event, node) => node.type === "card" && workbench.panels.open("node"),
      onDoubleClick: (event) => (event.target as Element).classList.contains("react-flow__pane") && add(event),
    };
  }, [workbench]);
  // While the view moves it is one picture that is moved, and cards are painted anew where it comes to rest.
  const ground = useRef<HTMLDivElement>(null);
  const moving = useMemo(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const rest = () => ground.current?.classList.remove("moving");
    return {
      // React Flow tells no end of a move that comes back to where it began.
      move() {
        ground.current?.classList.add("moving");
        clearTimeout(timer);
        timer = setTimeout(rest, REST_MS);
      },
      end(event: unknown, viewport: Viewport) {
        clearTimeout(timer);
        rest();
        initial.remember(event, viewport);
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
        ref={ground}
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
            isValidConnection={allowed}
            onConnect={onConnect}
            onReconnect={onReconnect}
            onConnectStart={onConnectStart}
            onConnectEnd={onConnectEnd}
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
            {firstPaintDone && <Overview />}
            <ZoomBar />
            <GuideLines guides={guides} />
          </ReactFlow>
        </ZoomedOutContext>
        <EmptyCanvas onAdd={addInMiddle} />
        {children}
      </div>
    </ContextMenu>
  );
}

function pointOf(event: globalThis.MouseEvent | TouchEvent): { x: number; y: number } {
  if ("clientX" in event) return { x: event.clientX, y: event.clientY };
  const touch = event.changedTouches[0];
  return { x: touch?.clientX ?? 0, y: touch?.clientY ?? 0 };
}

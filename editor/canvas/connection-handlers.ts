/** Drawing edges with the pointer, as React Flow's handlers: which edges are allowed, and what the end of a drag does. */
import type { Connection, FinalConnectionState, ReactFlowInstance, ReactFlowProps } from "@xyflow/react";
import type { TFunction } from "i18next";
import type { GraphEdge } from "../../runtime/graph.ts";
import { canConnect, type Verdict } from "../graph/can-connect.ts";
import { CARD } from "../graph/card-size.ts";
import { portAt } from "../graph/ports.ts";
import type { Workbench } from "../session/workbench.ts";
import { toast } from "../ui/toast.tsx";
import type { FlowEdge, FlowNode } from "./flow-model.ts";

type Handlers = Pick<
  ReactFlowProps<FlowNode, FlowEdge>,
  "isValidConnection" | "onConnect" | "onReconnect" | "onReconnectStart" | "onConnectStart" | "onConnectEnd"
>;

export function connectionHandlers(
  workbench: Workbench,
  flow: Pick<ReactFlowInstance, "screenToFlowPosition">,
  draw: (edge: GraphEdge, old?: string) => void,
  t: TFunction<"canvas">,
): Handlers {
  const { pendingEdge, overlays } = workbench;
  const reader = () => workbench.reader.getState().reader;
  const verdictOn = (edge: GraphEdge): Verdict => canConnect(workbench.graph(), reader(), edge);

  const showRefusal = ({ fromHandle, toHandle }: FinalConnectionState) => {
    const ends = [fromHandle, toHandle];
    const source = ends.find((end) => end?.type === "source");
    const target = ends.find((end) => end?.type === "target");
    if (!source || !target) return toast({ title: t("refused.sides"), tone: "bad" });
    const verdict = verdictOn({ from: `${source.nodeId}.${source.id}`, to: `${target.nodeId}.${target.id}` });
    if (!verdict.fits) toast({ title: t(`refused.${verdict.why}`), tone: "bad" });
  };

  return {
    isValidConnection: (edge) => Boolean(edge.sourceHandle && edge.targetHandle) && verdictOn(graphEdge(edge)).fits,
    onConnect: (connection) => draw(graphEdge(connection)),
    onReconnect: (old, connection) => draw(graphEdge(connection), old.id),
    // Comes before `onConnectStart`.
    onReconnectStart: (_event, { id }) => pendingEdge.setState({ moved: id }),
    onConnectStart(_event, { nodeId, handleId, handleType }) {
      if (!nodeId || !handleId) return;
      const side = handleType === "source" ? "out" : "in";
      const port = portAt(workbench.graph(), reader(), `${nodeId}.${handleId}`, side);
      if (port) pendingEdge.setState({ from: { node: nodeId, port: port.id, kind: port.kind, side } });
    },
    onConnectEnd(event, state) {
      const { from } = pendingEdge.getState();
      pendingEdge.setState({ from: undefined, moved: undefined, replaced: undefined });
      if (!from) return;
      if (state.toHandle && !state.isValid) return showRefusal(state);
      if (state.isValid || state.toNode) return;
      const at = pointOf(event);
      const { x, y } = flow.screenToFlowPosition(at);
      const position = { x: from.side === "out" ? x : x - CARD.width, y: y - CARD.head };
      overlays.setState({ adding: { at, openEnd: from, position } });
    },
  };
}

export const graphEdge = ({
  source,
  sourceHandle,
  target,
  targetHandle,
}: Pick<Connection | FlowEdge, "source" | "sourceHandle" | "target" | "targetHandle">): GraphEdge => ({
  from: `${source}.${sourceHandle}`,
  to: `${target}.${targetHandle}`,
});

function pointOf(event: MouseEvent | TouchEvent): { x: number; y: number } {
  const { clientX, clientY } = "clientX" in event ? event : (event.changedTouches[0] ?? { clientX: 0, clientY: 0 });
  return { x: clientX, y: clientY };
}

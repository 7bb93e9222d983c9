import { type ConnectionState, useConnection } from "@xyflow/react";
import { useEffect } from "react";
import { useWorkbench } from "../hooks/use-workbench.ts";
import { replacedBy } from "../session/draw-edge.ts";

/** The ends of the edge that a drop would draw here, "node.port>node.port"; "" over no port, or one that refuses it. */
function drawnEdge({ inProgress, isValid, fromHandle, toHandle }: ConnectionState): string {
  if (!inProgress || !isValid || !fromHandle || !toHandle) return "";
  const [source, target] = fromHandle.type === "source" ? [fromHandle, toHandle] : [toHandle, fromHandle];
  return `${source.nodeId}.${source.id}>${target.nodeId}.${target.id}`;
}

/** Keeps `pendingEdge.replaced` in step with the port under the pointer. Renders nothing. */
export function ReplacedEdges(): null {
  const workbench = useWorkbench();
  const ends = useConnection(drawnEdge);
  useEffect(() => {
    const { pendingEdge } = workbench;
    const [from, to] = ends.split(">");
    const replaced = from && to ? replacedBy(workbench, { from, to }, pendingEdge.getState().moved) : undefined;
    if (replaced?.size || pendingEdge.getState().replaced) pendingEdge.setState({ replaced });
  }, [workbench, ends]);
  return null;
}

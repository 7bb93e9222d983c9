import { BaseEdge, EdgeLabelRenderer, type EdgeProps, getBezierPath } from "@xyflow/react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import { CARD } from "../graph/card-size.ts";
import { type Point, routeMiddle, routePath } from "../graph/edge-route.ts";
import { useIssues, useLive, useWorkbench } from "../hooks/use-workbench.ts";
import { useNodeWords } from "../i18n/node-words.ts";
import { type LiveRunState, viewOf } from "../session/live-run.ts";
import type { FlowEdge } from "./flow-model.ts";
import { useZoomedOut } from "./zoomed-out.ts";

type EdgeState = "idle" | "active" | "done" | "not-taken";

/** The state of an edge in the displayed run: `active` while the target node works on the value. */
function edgeState(
  { runState }: LiveRunState,
  source: string,
  port: string | null | undefined,
  target: string,
): EdgeState {
  if (!runState) return "idle";
  const from = viewOf({ runState }, source);
  if (!from || from.status === "running" || from.status === "waiting") return "idle";
  if (from.status === "skipped") return "not-taken";
  if (from.status === "done" && port && from.outputs && !(port in from.outputs)) return "not-taken";
  if (from.status !== "done") return "idle";
  const to = viewOf({ runState }, target);
  return to?.status === "running" ? "active" : "done";
}

type Ends = Required<
  Pick<EdgeProps<FlowEdge>, "sourceX" | "sourceY" | "sourcePosition" | "targetX" | "targetY" | "targetPosition">
>;

/** The path of an edge, and the position of its label. While one of its cards is dragged, its route does not apply. */
function drawn(ends: Ends, route: readonly Point[] | undefined): [path: string, x: number, y: number] {
  const [first, last] = [route?.[0], route?.at(-1)];
  const applies =
    first &&
    last &&
    Math.abs(first.y - ends.sourceY) < 1 &&
    Math.abs(last.y - ends.targetY) < 1 &&
    Math.abs(first.x - ends.sourceX) < CARD.handle &&
    Math.abs(last.x - ends.targetX) < CARD.handle;
  if (!route || !applies) return getBezierPath(ends).slice(0, 3) as [string, number, number];
  const points = [{ x: ends.sourceX, y: first.y }, ...route.slice(1, -1), { x: ends.targetX, y: last.y }];
  const { x, y } = routeMiddle(points);
  return [routePath(points), x, y];
}

/** An edge in the colour of its kind. A label names a conversion; an invalid edge is red and dashed. */
export const EdgeView = memo(function EdgeView({
  id,
  sourceX,
  sourceY,
  targetX,
  targetY,
  sourcePosition,
  targetPosition,
  sourceHandleId,
  data,
  selected,
}: EdgeProps<FlowEdge>) {
  const { t } = useTranslation("canvas");
  const words = useNodeWords();
  const bad = useIssues((issues) => issues.byEdge.has(id));
  const state = useLive((live) => edgeState(live, data?.source ?? "", sourceHandleId, data?.target ?? ""));
  const replaced = useStore(useWorkbench().pendingEdge, (pending) => pending.replaced?.has(id) === true);
  const zoomedOut = useZoomedOut();
  const [path, labelX, labelY] = drawn(
    { sourceX, sourceY, sourcePosition, targetX, targetY, targetPosition },
    data?.route,
  );
  const invalid = bad || data?.dangling || data?.how === "no";
  return (
    <>
      <BaseEdge
        id={id}
        path={path}
        interactionWidth={18}
        className={`edge-line edge-${state}${invalid ? " edge-invalid" : ""}${selected ? " edge-selected" : ""}${replaced ? " edge-replaced" : ""}`}
        style={{ "--edge-color": invalid ? "var(--bad)" : `var(--kind-${data?.kind ?? "any"})` } as React.CSSProperties}
      />
      {data?.how === "convert" && !zoomedOut && (
        <EdgeLabelRenderer>
          <span
            className="pointer-events-none absolute rounded-full border border-line bg-surface px-1.5 text-2xs text-ink-3"
            style={{ transform: `translate(-50%, -50%) translate(${labelX}px, ${labelY}px)` }}
            title={t("converted")}
          >
            {words.kind(data.kind)} → {words.kind(data.to)}
          </span>
        </EdgeLabelRenderer>
      )}
    </>
  );
});

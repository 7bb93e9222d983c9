/** What a container's card shows beside a usual card's: the way in, and how far it is. */
import { ArrowUpRight, Maximize2 } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useShallow } from "zustand/react/shallow";
import { listOf } from "../../nodes/map.ts";
import type { NodeView } from "../../runtime/fold-run.ts";
import { edgeEnd, type Graph, type GraphNode } from "../../runtime/graph.ts";
import { type LiveRunState, viewOf } from "../state/live-run.ts";
import { lookup } from "../state/lookup.ts";
import { useDocument, useGraph, useLive } from "../state/use-workbench.ts";
import { Button } from "../ui/button.tsx";
import { IconButton } from "../ui/icon-button.tsx";
import { bodyOf, isContainer } from "./body.ts";
import { itemsOf, type Progress, progressOf } from "./items.ts";
import { namedAgent, useOpenBody } from "./open-body.ts";

/** In the head of a card: opens the body, or the agent, that the node holds. */
export function OpenMark({ node }: { node: GraphNode }) {
  return isContainer(node) || node.type === "agent" ? <Mark node={node} /> : null;
}

function Mark({ node }: { node: GraphNode }) {
  const { t } = useTranslation("bodies");
  const open = useOpenBody();
  const agent = namedAgent(node) !== undefined;
  if (!agent && (!isContainer(node) || bodyOf(node).is !== "graph")) return null;
  return (
    <IconButton
      size="sm"
      icon={agent ? ArrowUpRight : Maximize2}
      label={agent ? t("openAgent") : t("open")}
      className="nodrag nopan -mr-1"
      onClick={(event) => {
        event.stopPropagation();
        open(node.id);
      }}
    />
  );
}

/** In the body of a container's card. `children`: what a card says where there is nothing of this to say. */
export function ContainerBody({ node, view, children }: { node: GraphNode; view?: NodeView; children: ReactNode }) {
  const { t } = useTranslation("bodies");
  const open = useOpenBody();
  const frozen = useDocument((state) => state.frozen);
  const given = useGivenEnd(node.id);
  const progress = useLive(useShallow((state) => progressIn(state, node.id, given)));
  if (bodyOf(node).is === "none" && !frozen)
    return (
      <Button
        size="sm"
        className="nodrag nopan"
        onClick={(event) => {
          event.stopPropagation();
          open(node.id);
        }}
      >
        {t("build")}
      </Button>
    );
  if (!progress || view?.status === "waiting" || (view?.error && view.status === "failed" && progress.failed === 0))
    return children;
  return <ProgressLine progress={progress} />;
}

function ProgressLine({ progress: { done, failed, total } }: { progress: Progress }) {
  const { t } = useTranslation("bodies");
  const all = total ?? done + failed;
  const share = (count: number) => `${all === 0 ? 0 : (count / all) * 100}%`;
  return (
    <div>
      <p className="flex gap-2 tnum">
        <span>
          {total === undefined ? t("progress", { count: done }) : t("progressOf", { done: done + failed, total })}
        </span>
        {failed > 0 && <span className="text-bad">{t("failed", { count: failed })}</span>}
      </p>
      {total !== undefined && (
        <div aria-hidden className="mt-1.5 flex h-1.5 overflow-hidden rounded-full bg-hover">
          <span className="bg-ok transition-[width]" style={{ width: share(done) }} />
          <span className="bg-bad transition-[width]" style={{ width: share(failed) }} />
        </div>
      )}
    </div>
  );
}

/** The output ("node.port") that feeds a map's list. */
function useGivenEnd(node: string): string | undefined {
  return useGraph((graph: Graph) => lookup(graph).at(node, "items", "in")[0]?.from);
}

function progressIn(state: LiveRunState, node: string, end: string | undefined): Progress | undefined {
  if (!state.life || !viewOf(state, node)) return undefined;
  const from = end === undefined ? undefined : edgeEnd(end);
  const value = from && viewOf(state, from.node)?.outputs?.[from.port];
  return progressOf(itemsOf(state.life, node), value === undefined ? undefined : listOf(value));
}

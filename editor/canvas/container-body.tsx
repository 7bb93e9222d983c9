/** The parts of a container's card: buttons to expand and open its body, and its progress. */
import { ChevronDown, ChevronUp, Maximize2 } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import { useShallow } from "zustand/react/shallow";
import { listOf } from "../../nodes/map.ts";
import type { NodeView } from "../../runtime/fold-run.ts";
import type { Graph, GraphNode } from "../../runtime/graph.ts";
import { bodyOf } from "../graph/body.ts";
import { lookup } from "../graph/lookup.ts";
import { useOpenBody } from "../hooks/use-open-body.ts";
import { useDocument, useGraph, useLive, useWorkbench } from "../hooks/use-workbench.ts";
import { agentOf, hasInnerGraph } from "../session/called-agents.ts";
import { itemsOf, type Progress, progressOf } from "../session/items.ts";
import { type LiveRunState, outputAt, viewOf } from "../session/live-run.ts";
import { toggleExpanded } from "../session/overlays.ts";
import { Button } from "../ui/button.tsx";
import { IconButton } from "../ui/icon-button.tsx";

/** In the head of a card with an inner graph: expands it on the card, and opens it. */
export function InnerGraphButtons({ node }: { node: GraphNode }) {
  return hasInnerGraph(node) ? <Buttons node={node} /> : null;
}

function Buttons({ node }: { node: GraphNode }) {
  const { t } = useTranslation("bodies");
  const open = useOpenBody();
  const { overlays } = useWorkbench();
  const expanded = useStore(overlays, (state) => state.expanded.has(node.id));
  return (
    <span className="nodrag nopan -mr-1.5 flex">
      <IconButton
        size="sm"
        icon={expanded ? ChevronUp : ChevronDown}
        label={t(expanded ? "collapse" : "expand")}
        aria-expanded={expanded}
        onClick={(event) => {
          event.stopPropagation();
          toggleExpanded(overlays, node.id);
        }}
      />
      <IconButton
        size="sm"
        icon={Maximize2}
        label={t(agentOf(node) ? "viewContents" : "open")}
        onClick={(event) => {
          event.stopPropagation();
          open(node.id);
        }}
      />
    </span>
  );
}

/** The lower part of a container's card. `children`: the preview, shown when there is no progress. */
export function ContainerBody({ node, view, children }: { node: GraphNode; view?: NodeView; children: ReactNode }) {
  const { t } = useTranslation("bodies");
  const open = useOpenBody();
  const frozen = useDocument((state) => state.frozen);
  const given = useGraph((graph: Graph) => lookup(graph).at(node.id, "items", "in")[0]?.from);
  const progress = useLive(useShallow((state) => progressIn(state, node.id, given)));
  const error = useLive((state) => itemsOf(state.runState, node.id).find((item) => item.error)?.error?.message);
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
  return <ProgressLine progress={progress} error={error} />;
}

function ProgressLine({ progress: { done, failed, waiting, total }, error }: { progress: Progress; error?: string }) {
  const { t } = useTranslation("bodies");
  const all = total ?? done + failed;
  const share = (count: number) => `${all === 0 ? 0 : (count / all) * 100}%`;
  return (
    <div>
      <p className="flex gap-2 tnum">
        <span>
          {total === undefined ? t("progress", { count: done }) : t("progressOf", { done: done + failed, total })}
        </span>
        {waiting > 0 && <span className="text-warn">{t("waiting", { count: waiting })}</span>}
        {failed > 0 && <span className="text-bad">{t("failed", { count: failed })}</span>}
      </p>
      {total !== undefined && (
        <div aria-hidden className="mt-1.5 flex h-1.5 overflow-hidden rounded-full bg-hover">
          <span className="bg-ok transition-[width]" style={{ width: share(done) }} />
          <span className="bg-bad transition-[width]" style={{ width: share(failed) }} />
        </div>
      )}
      {error && <p className="mt-1 line-clamp-2 break-words text-bad">{error}</p>}
    </div>
  );
}

/** `end`: the output ("node.port") that gives a map its list. */
function progressIn(state: LiveRunState, node: string, end: string | undefined): Progress | undefined {
  if (!state.runState || !viewOf(state, node)) return undefined;
  const value = end && outputAt(state, end);
  return progressOf(itemsOf(state.runState, node), value === undefined ? undefined : listOf(value));
}

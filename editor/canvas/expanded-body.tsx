/** The graph inside a node, expanded on its card: a small picture with the status of each node in the shown item. */
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import type { NodeView } from "../../runtime/fold-run.ts";
import type { GraphNode } from "../../runtime/graph.ts";
import { eachOf, isContainer } from "../graph/body.ts";
import { useInnerGraph } from "../hooks/use-inner-graph.ts";
import { useOpenBody } from "../hooks/use-open-body.ts";
import { useLive, useWorkbench } from "../hooks/use-workbench.ts";
import { defaultItem, itemsOf, runStateWithin } from "../session/items.ts";
import { TONE_TEXT } from "../ui/badge.tsx";
import { cx } from "../ui/cx.ts";
import { GraphPicture } from "../ui/graph-picture.tsx";
import { STATUS_TONE } from "./item-picker.tsx";

const RING: Record<NodeView["status"], string | undefined> = {
  running: "var(--accent)",
  waiting: "var(--warn)",
  done: "var(--ok)",
  failed: "var(--bad)",
  skipped: undefined,
};

export function ExpandedBody({ node }: { node: GraphNode }) {
  const { overlays } = useWorkbench();
  const open = useStore(overlays, (state) => state.expanded.has(node.id));
  return open ? <Inside node={node} /> : null;
}

function Inside({ node }: { node: GraphNode }) {
  const { t } = useTranslation("bodies");
  const { live } = useWorkbench();
  const open = useOpenBody();
  const { graph, load } = useInnerGraph(node);
  useEffect(load, [load]);
  const items = useLive((state) => itemsOf(state.runState, node.id));
  if (!graph) return null;
  const item = defaultItem(items);
  const { runState } = live.getState();
  const nodes = runState && item ? runStateWithin(runState, item.part).view.nodes : new Map<string, NodeView>();
  const rings = new Map([...nodes].map(([id, view]) => [id, RING[view.status]]));
  return (
    <div className="nodrag nopan border-line border-t p-2">
      <button
        type="button"
        aria-label={t("open")}
        className="block w-full overflow-hidden rounded-md border border-line hover:border-ink-3"
        onClick={(event) => {
          event.stopPropagation();
          open(node.id);
        }}
      >
        <GraphPicture graph={graph} rings={rings} className="h-28 w-full" />
      </button>
      {item && (
        <p className={cx("mt-1 truncate text-xs", TONE_TEXT[STATUS_TONE[item.status]])}>
          {isContainer(node) && `${t(eachOf(node.type), { number: item.at + 1 })} · `}
          {item.error?.message ?? t(`status.${item.status}`)}
        </p>
      )}
    </div>
  );
}

import { ChevronRight, CircleStop } from "lucide-react";
import { type RefObject, useDeferredValue, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import type { RunView } from "../../runtime/fold-run.ts";
import type { GraphNode } from "../../runtime/graph.ts";
import { shortToolName } from "../../runtime/preview.ts";
import { lookup } from "../graph/lookup.ts";
import { table } from "../graph/node-types.ts";
import { useBodies } from "../hooks/body-views.tsx";
import { nodeTone } from "../hooks/node-icons.ts";
import { useNow } from "../hooks/use-now.ts";
import { graphAt } from "../hooks/use-scope-words.ts";
import { useLive, useSelection, useWorkbench } from "../hooks/use-workbench.ts";
import * as format from "../i18n/format.ts";
import { useNodeWords } from "../i18n/node-words.ts";
import { agentOf, calledAgents, fetchCalled } from "../session/called-agents.ts";
import { isBusy, isOver } from "../session/run-state.ts";
import { onlyNode } from "../session/selection.ts";
import { lastTime, type Span, spanLines, spansOf } from "../session/spans.ts";
import { rootOf } from "../session/workbench.ts";
import { TONE_FILL, type Tone } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { cx } from "../ui/cx.ts";
import { RunBadge } from "./run-badge.tsx";

const ROW_PX = 20;
/** Rows rendered above and below the visible ones. */
const MARGIN = 8;
const REFRESH_MS = 120;

/** The run over time: one bar per node, step and tool call. A bar with inner bars can be expanded. */
export function Timeline() {
  const { t } = useTranslation("panels");
  // Only the view: streamed text does not change the timeline.
  const view = useDeferredValue(useLive((state) => state.runState?.view));
  if (!view || view.id === "") return <p className="px-4 py-2.5 text-ink-3">{t("timelineEmpty")}</p>;
  return <RunTimeline view={view} />;
}

function RunTimeline({ view }: { view: RunView }) {
  const { t } = useTranslation("panels");
  const workbench = useWorkbench();
  const { inside } = workbench;
  // A body is a part of a run; only the whole run has a status.
  const working = useStore(rootOf(workbench).live, ({ runState }) => runState !== undefined && isBusy(runState.view));
  const list = useRef<HTMLOListElement>(null);
  const seen = useVisibleRows(list);
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const spans = useMemo(() => spansOf(view, inside?.path.length), [view, inside]);
  const lines = useMemo(() => spanLines(spans, open), [spans, open]);
  const now = useNow(working, REFRESH_MS);
  const end = view.endedAt ?? (working ? now : lastTime(spans));
  const total = Math.max(1, end - view.startedAt);
  const toggle = (key: string) => {
    const next = new Set(open);
    if (!next.delete(key)) next.add(key);
    setOpen(next);
  };
  return (
    <div className="flex h-full min-h-0 flex-col">
      <Summary view={view} ms={total} working={working} />
      <ol
        ref={list}
        className="grid min-h-0 flex-1 grid-cols-[minmax(90px,190px)_minmax(0,1fr)_auto_64px] content-start gap-x-3 overflow-y-auto px-4 pb-3"
        aria-label={t("timeline")}
      >
        {seen.from > 0 && <li aria-hidden className="col-span-full" style={{ height: seen.from * ROW_PX }} />}
        {lines.slice(seen.from, seen.to).map(({ span, level }, index) => (
          <Bar
            key={span.key}
            span={span}
            level={level}
            position={seen.from + index + 1}
            count={lines.length}
            from={view.startedAt}
            total={total}
            end={end}
            open={span.children.length > 0 ? open.has(span.key) : undefined}
            onToggle={toggle}
          />
        ))}
        {seen.to < lines.length && (
          <li aria-hidden className="col-span-full" style={{ height: (lines.length - seen.to) * ROW_PX }} />
        )}
      </ol>
    </div>
  );
}

function Summary({ view, ms, working }: { view: RunView; ms: number; working: boolean }) {
  const { t } = useTranslation("panels");
  const { conversation } = useWorkbench();
  return (
    <div className="flex shrink-0 flex-wrap items-center gap-x-4 gap-y-1 px-4 pt-2.5 pb-2 text-ink-2 tnum">
      <a href={`/runs/${view.id}`} className="rounded-sm font-semibold text-ink hover:underline" title={view.id}>
        {t("runName", { id: view.id.slice(-4) })}
      </a>
      <RunBadge status={view.status} pulse={working} />
      <span>{format.span(ms)}</span>
      {view.usage.steps > 0 && (
        <span>
          {[
            t("steps", { count: view.usage.steps }),
            ...(view.usage.toolCalls > 0 ? [t("toolCalls", { count: view.usage.toolCalls })] : []),
          ].join(" · ")}
        </span>
      )}
      {view.usage.inputTokens + view.usage.outputTokens > 0 && (
        <span>
          {t("tokensInOut", {
            input: format.number(view.usage.inputTokens),
            output: format.number(view.usage.outputTokens),
          })}
          {view.usage.costUsd !== undefined && ` · ${format.dollars(view.usage.costUsd)}`}
        </span>
      )}
      {!isOver(view) && (
        <Button size="sm" icon={CircleStop} className="ml-auto" onClick={() => void conversation.cancel()}>
          {t("stop")}
        </Button>
      )}
    </div>
  );
}

/** The visible rows. Only these are rendered, because a run may have thousands. */
function useVisibleRows(list: RefObject<HTMLElement | null>): { from: number; to: number } {
  const [seen, setSeen] = useState({ from: 0, to: 40 });
  useLayoutEffect(() => {
    const view = list.current;
    if (!view) return;
    const measure = () => {
      const from = Math.max(0, Math.floor(view.scrollTop / ROW_PX) - MARGIN);
      const to = Math.ceil((view.scrollTop + view.clientHeight) / ROW_PX) + MARGIN;
      setSeen((old) => (old.from === from && old.to === to ? old : { from, to }));
    };
    measure();
    const size = new ResizeObserver(measure);
    size.observe(view);
    view.addEventListener("scroll", measure, { passive: true });
    return () => {
      size.disconnect();
      view.removeEventListener("scroll", measure);
    };
  }, [list]);
  return seen;
}

interface BarProps {
  span: Span;
  level: number;
  /** The position among `count` bars, from 1. */
  position: number;
  count: number;
  from: number;
  total: number;
  end: number;
  /** Whether its inner bars are shown; absent if it has none. */
  open?: boolean;
  onToggle(key: string): void;
}

function Bar({ span, level, position, count, from, total, end, open, onToggle }: BarProps) {
  const { t } = useTranslation(["panels", "runs"]);
  const bodies = useBodies();
  const { label, node } = useSpanWords(span);
  const workbench = useWorkbench();
  const chosen = useSelection((state) => level === 0 && onlyNode(state) === span.node);
  const failed = span.status === "failed";
  const tone: Tone = failed ? "bad" : span.what === "tool" ? "tools" : nodeTone(node && table.get(node.type));
  const toggle = () => {
    const ref = node && agentOf(node);
    // Loads the titles of the called agent's nodes; without them the ids are shown.
    if (ref && !open) void fetchCalled(workbench, ref).catch(() => {});
    onToggle(span.key);
  };
  const left = ((span.startedAt - from) / total) * 100;
  const width = (((span.endedAt ?? end) - span.startedAt) / total) * 100;
  const spent = [
    span.tokens > 0 && t("tokensShort", { ns: "canvas", count: span.tokens, shown: format.compact(span.tokens) }),
    span.costUsd !== undefined && format.dollars(span.costUsd),
  ].filter(Boolean);
  return (
    <li
      aria-posinset={position}
      aria-setsize={count}
      style={{ height: ROW_PX }}
      className={cx(
        // The columns of the list, so that all bars have one scale.
        "col-span-full grid grid-cols-subgrid items-center rounded-sm hover:bg-hover",
        chosen && "bg-hover",
      )}
    >
      <span className="flex min-w-0 items-center" style={{ paddingLeft: level * 12 }}>
        {open !== undefined && (
          <button
            type="button"
            aria-expanded={open}
            aria-label={t(open ? "collapseSpan" : "expandSpan", { label })}
            className="-ml-1 flex size-4 shrink-0 items-center justify-center rounded-xs text-ink-3 hover:text-ink"
            onClick={toggle}
          >
            <ChevronRight size={12} aria-hidden className={cx("transition-transform", open && "rotate-90")} />
          </button>
        )}
        <button
          type="button"
          className={cx("truncate rounded-xs text-left text-sm hover:text-ink", failed ? "text-bad" : "text-ink-2")}
          onClick={() => (span.what === "part" ? toggle() : void bodies.showAt(span.scope, span.node))}
        >
          {label}
        </button>
      </span>
      <span className="relative h-2.5" aria-hidden>
        <span
          className={cx(
            "absolute inset-y-0 min-w-1 rounded-xs",
            TONE_FILL[span.status === "waiting" ? "warn" : tone],
            open && "opacity-35",
            span.endedAt === undefined && span.status === "running" && "animate-breathe",
          )}
          style={{ left: `${Math.min(left, 99.5)}%`, width: `${Math.max(0, Math.min(width, 100 - left))}%` }}
        />
      </span>
      <span className="whitespace-nowrap text-right text-ink-3 text-xs tnum">{spent.join(" · ")}</span>
      <span className="text-right text-ink-3 text-xs tnum">
        {span.status === "waiting"
          ? t("waiting")
          : span.endedAt === undefined
            ? t("runs:status.running")
            : format.span(span.endedAt - span.startedAt)}
      </span>
    </li>
  );
}

/** The label of a bar, and its node if its graph is loaded. */
function useSpanWords(span: Span): { label: string; node?: GraphNode } {
  const { t } = useTranslation(["panels", "bodies"]);
  const words = useNodeWords();
  const workbench = useWorkbench();
  const root = rootOf(workbench);
  const graph = useStore(root.document, (state) => state.graph);
  const called = useStore(calledAgents(workbench));
  const holder = graphAt(graph, span.part ? span.scope.slice(0, -1) : span.scope, called);
  const node = holder && lookup(holder).node(span.node);
  const title = node ? words.nodeTitle(node) : span.node;
  if (span.what === "tool") return { label: shortToolName(span.tool ?? ""), node };
  if (span.what === "step") return { label: t("stepOf", { title, step: span.step }), node };
  if (span.part?.item !== undefined) return { label: t("bodies:item", { number: span.part.item + 1 }), node };
  if (span.part?.turn !== undefined) return { label: t("bodies:turn", { number: span.part.turn + 1 }), node };
  return { label: title, node };
}

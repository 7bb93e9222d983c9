import { CircleStop } from "lucide-react";
import { type RefObject, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { RunView } from "../../runtime/fold-run.ts";
import { shortName } from "../canvas/gist.ts";
import { nodeTone } from "../canvas/icons.ts";
import * as format from "../i18n/format.ts";
import { useNodeWords } from "../i18n/node-words.ts";
import { lookup } from "../state/lookup.ts";
import { table } from "../state/node-types.ts";
import { isOver, type Span, spans } from "../state/run-life.ts";
import { onlyNode } from "../state/selection.ts";
import { useGraph, useLive, useSelection, useWorkbench } from "../state/use-workbench.ts";
import { Badge, TONE_FILL, type Tone } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { cx } from "../ui/cx.ts";
import { useShowNode } from "./issues-panel.tsx";

/** Height of a row in pixels, and how many are drawn beyond what is seen. */
const ROW = 20;
const MARGIN = 8;

/** The time of the run: a bar for whatever took time, in the colour of its node. */
export function Timeline() {
  const { t } = useTranslation("panels");
  // Of the view alone: text on its way takes no time of its own.
  const view = useLive((state) => state.life?.view);
  if (!view || view.id === "") return <p className="px-4 py-2.5 text-ink-3">{t("timelineEmpty")}</p>;
  return <RunTimeline view={view} />;
}

function RunTimeline({ view }: { view: RunView }) {
  const { t } = useTranslation("panels");
  const list = useRef<HTMLOListElement>(null);
  const seen = useRowsSeen(list);
  const all = useMemo(() => spans(view), [view]);
  const waits = useMemo(() => new Set(view.waits.map((wait) => wait.node)), [view]);
  const running = !isOver(view) && view.status !== "waiting";
  const now = useNow(running);
  const end = view.endedAt ?? Math.max(now, ...all.map((span) => span.endedAt ?? 0));
  const total = Math.max(1, end - view.startedAt);
  return (
    <div className="flex h-full min-h-0 flex-col">
      <Summary view={view} ms={total} running={running} />
      <ol ref={list} className="min-h-0 flex-1 overflow-y-auto px-4 pb-3" aria-label={t("timeline")}>
        {seen.from > 0 && <li aria-hidden style={{ height: seen.from * ROW }} />}
        {all.slice(seen.from, seen.to).map((span, index) => (
          <Bar
            key={span.key}
            span={span}
            place={seen.from + index + 1}
            of={all.length}
            from={view.startedAt}
            total={total}
            end={end}
            waits={waits.has(all[seen.from + index]?.node ?? "")}
          />
        ))}
        {seen.to < all.length && <li aria-hidden style={{ height: (all.length - seen.to) * ROW }} />}
      </ol>
    </div>
  );
}

function Summary({ view, ms, running }: { view: RunView; ms: number; running: boolean }) {
  const { t } = useTranslation("panels");
  const { conversation } = useWorkbench();
  const tone: Tone =
    view.status === "failed"
      ? "bad"
      : view.status === "waiting" || view.status === "uncertain"
        ? "warn"
        : view.status === "done"
          ? "ok"
          : "neutral";
  return (
    <div className="flex shrink-0 flex-wrap items-center gap-x-4 gap-y-1 px-4 pt-2.5 pb-2 text-ink-2 tnum">
      <a href={`/runs/${view.id}`} className="rounded-sm font-semibold text-ink hover:underline" title={view.id}>
        {t("runName", { id: view.id.slice(-4) })}
      </a>
      <Badge tone={tone} dot pulse={running}>
        {t(`status.${view.status}`)}
      </Badge>
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
      {running && (
        <Button size="sm" icon={CircleStop} className="ml-auto" onClick={() => void conversation.cancel()}>
          {t("stop")}
        </Button>
      )}
    </div>
  );
}

/** Which rows are in sight: a run of a thousand nodes draws a dozen bars. */
function useRowsSeen(list: RefObject<HTMLElement | null>): { from: number; to: number } {
  const [seen, setSeen] = useState({ from: 0, to: 40 });
  useLayoutEffect(() => {
    const view = list.current;
    if (!view) return;
    const look = () => {
      const from = Math.max(0, Math.floor(view.scrollTop / ROW) - MARGIN);
      const to = Math.ceil((view.scrollTop + view.clientHeight) / ROW) + MARGIN;
      setSeen((old) => (old.from === from && old.to === to ? old : { from, to }));
    };
    look();
    const size = new ResizeObserver(look);
    size.observe(view);
    view.addEventListener("scroll", look, { passive: true });
    return () => {
      size.disconnect();
      view.removeEventListener("scroll", look);
    };
  }, [list]);
  return seen;
}

interface BarProps {
  span: Span;
  /** Which of how many, from 1. */
  place: number;
  of: number;
  from: number;
  total: number;
  end: number;
  /** A person is asked there. */
  waits: boolean;
}

function Bar({ span, place, of, from, total, end, waits }: BarProps) {
  const { t } = useTranslation("panels");
  const words = useNodeWords();
  const node = useGraph((graph) => lookup(graph).node(span.node));
  const chosen = useSelection((state) => onlyNode(state) === span.node);
  const show = useShowNode();
  const title = node ? words.nodeTitle(node) : span.node;
  const label =
    span.what === "tool"
      ? shortName(span.tool ?? "")
      : span.what === "step"
        ? t("stepOf", { title, step: span.step })
        : title;
  const tone: Tone = span.failed ? "bad" : span.what === "tool" ? "tools" : nodeTone(node && table.get(node.type));
  const left = ((span.startedAt - from) / total) * 100;
  const width = (((span.endedAt ?? end) - span.startedAt) / total) * 100;
  const depth = span.scope === "" ? 0 : span.scope.split("/").length;
  return (
    <li aria-posinset={place} aria-setsize={of} style={{ height: ROW }}>
      <button
        type="button"
        className={cx(
          "grid h-full w-full grid-cols-[minmax(72px,148px)_minmax(0,1fr)_64px] items-center gap-3 rounded-sm text-left hover:bg-hover",
          chosen && "bg-hover",
        )}
        onClick={() => node && show(node.id)}
      >
        <span
          className={cx("truncate text-sm", span.failed ? "text-bad" : "text-ink-2")}
          style={{ paddingLeft: depth * 10 }}
        >
          {label}
        </span>
        <span className="relative h-2.5">
          <span
            className={cx(
              "absolute inset-y-0 min-w-1 rounded-xs",
              TONE_FILL[tone],
              span.endedAt === undefined && "animate-breathe",
            )}
            style={{ left: `${Math.min(left, 99.5)}%`, width: `${Math.max(0, Math.min(width, 100 - left))}%` }}
          />
        </span>
        <span className="text-right text-ink-3 text-xs tnum">
          {span.endedAt !== undefined
            ? format.span(span.endedAt - span.startedAt)
            : waits
              ? t("nodeStatus.waiting", { ns: "trying" })
              : t("status.running")}
        </span>
      </button>
    </li>
  );
}

/** The time, renewed while something runs. */
function useNow(running: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => setNow(Date.now()), 120);
    return () => clearInterval(timer);
  }, [running]);
  return now;
}

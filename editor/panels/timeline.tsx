import { CircleStop } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { shortName } from "../canvas/gist.ts";
import { nodeTone } from "../canvas/icons.ts";
import * as format from "../i18n/format.ts";
import { useNodeWords } from "../i18n/node-words.ts";
import { lookup } from "../state/lookup.ts";
import { table } from "../state/node-types.ts";
import { isOver, type RunLife, type Span, spans } from "../state/run-life.ts";
import { onlyNode } from "../state/selection.ts";
import { useGraph, useLive, useSelection, useWorkbench } from "../state/use-workbench.ts";
import { Badge, TONE_FILL, type Tone } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { cx } from "../ui/cx.ts";
import { useShowNode } from "./issues-panel.tsx";

const MOST = 400;

/** The time of the run: a bar for whatever took time, in the colour of its node. */
export function Timeline() {
  const { t } = useTranslation("panels");
  const life = useLive((state) => state.life);
  if (!life || life.view.id === "") return <p className="px-4 py-2.5 text-ink-3">{t("timelineEmpty")}</p>;
  return <RunTimeline life={life} />;
}

function RunTimeline({ life }: { life: RunLife }) {
  const { t } = useTranslation("panels");
  const { view } = life;
  const all = useMemo(() => spans(view), [view]);
  const running = !isOver(view) && view.status !== "waiting";
  const now = useNow(running);
  const end = view.endedAt ?? Math.max(now, ...all.map((span) => span.endedAt ?? 0));
  const total = Math.max(1, end - view.startedAt);
  return (
    <div className="flex h-full min-h-0 flex-col">
      <Summary life={life} ms={total} running={running} />
      <ol className="min-h-0 flex-1 overflow-y-auto px-4 pb-3" aria-label={t("timeline")}>
        {all.slice(0, MOST).map((span) => (
          <Bar key={span.key} span={span} from={view.startedAt} total={total} end={end} />
        ))}
        {all.length > MOST && (
          <li className="py-1 text-ink-3 text-sm">{t("moreBars", { count: all.length - MOST })}</li>
        )}
      </ol>
    </div>
  );
}

function Summary({ life, ms, running }: { life: RunLife; ms: number; running: boolean }) {
  const { t } = useTranslation("panels");
  const { conversation } = useWorkbench();
  const { view } = life;
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

function Bar({ span, from, total, end }: { span: Span; from: number; total: number; end: number }) {
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
    <li>
      <button
        type="button"
        className={cx(
          "grid w-full grid-cols-[minmax(72px,148px)_minmax(0,1fr)_64px] items-center gap-3 rounded-sm py-px text-left hover:bg-hover",
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
          {span.endedAt === undefined ? t("status.running") : format.span(span.endedAt - span.startedAt)}
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

import { Box, Cpu, type LucideIcon, Search, Wrench } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Scope } from "../../../runtime/event.ts";
import type { RunView } from "../../../runtime/fold-run.ts";
import { modelName } from "../../../runtime/model-name.ts";
import { span as spanWords } from "../../i18n/format.ts";
import { TONE_FILL, TONE_TEXT, type Tone } from "../../ui/badge.tsx";
import { cx } from "../../ui/cx.ts";
import { RowDetail } from "./row-detail.tsx";
import { type TimelineRow, timelineOf } from "./timeline.ts";

export interface NodeFace {
  title: string;
  icon: LucideIcon;
  tone: Tone;
}

/** The icon and colour of a node; undefined if its graph is not known. */
export type FaceOf = (scope: Scope | undefined, node: string) => NodeFace | undefined;

/** Bars on the run's own time axis. Selecting a row shows its input and output below it. */
export function RunTimeline({
  run,
  now,
  faceOf,
  chosen,
  onChoose,
}: {
  run: RunView;
  now: number;
  faceOf: FaceOf;
  chosen?: string;
  onChoose(key: string | undefined): void;
}) {
  const { rows, span } = timelineOf(run, now);
  return (
    <ol className="overflow-hidden rounded-xl border border-line bg-surface">
      {rows.map((row) => (
        <li key={row.key} className="border-line border-b last:border-b-0">
          <button
            type="button"
            aria-expanded={row.key === chosen}
            onClick={() => onChoose(row.key === chosen ? undefined : row.key)}
            className={cx(
              "grid w-full grid-cols-[minmax(150px,240px)_minmax(0,1fr)_84px] items-center gap-3 px-4 py-1.5 text-left transition-colors hover:bg-hover focus-visible:-outline-offset-2",
              row.key === chosen && "bg-hover",
              row.skipped && "opacity-60",
            )}
          >
            <RowName row={row} face={faceOf(row.what.view.scope, row.node)} />
            <span aria-hidden className="relative block h-2.5">
              <span
                className={cx(
                  "absolute inset-y-0 min-w-1.5 rounded-xs",
                  row.failed
                    ? TONE_FILL.bad
                    : row.skipped
                      ? "bg-line-strong"
                      : TONE_FILL[toneOf(row, faceOf(row.what.view.scope, row.node))],
                  row.what.is === "node" && row.depth === 0 && hasParts(rows, row) && "opacity-35",
                  row.open && "animate-breathe",
                )}
                style={{
                  left: `${(row.from / span) * 100}%`,
                  width: `${Math.max(0, (row.to - row.from) / span) * 100}%`,
                }}
              />
            </span>
            <span className={cx("text-right text-sm tnum", row.failed ? "text-bad" : "text-ink-2")}>
              <RowTime row={row} />
            </span>
          </button>
          {row.key === chosen && (
            <div className="border-line border-t bg-paper px-4 py-3.5">
              <RowDetail row={row} />
            </div>
          )}
        </li>
      ))}
    </ol>
  );
}

const hasParts = (rows: TimelineRow[], row: TimelineRow) => rows.some((other) => other.key.startsWith(`${row.key} `));

function RowTime({ row }: { row: TimelineRow }) {
  const { t } = useTranslation(["runs", "testing"]);
  if (row.skipped) return t("detail.skipped");
  if (row.open) return t(row.what.view.status === "waiting" ? "testing:nodeStatus.waiting" : "status.running");
  return spanWords(row.to - row.from);
}

/** A node has the colour of its type; a step inside it has the colour of what it did. */
const toneOf = (row: TimelineRow, face: NodeFace | undefined): Tone =>
  row.what.is === "node" && face ? face.tone : row.kind;

function RowName({ row, face }: { row: TimelineRow; face?: NodeFace }) {
  const { t } = useTranslation("runs");
  const { what } = row;
  const title = face?.title ?? row.node;
  const Icon =
    what.is === "tool" ? Wrench : what.is === "search" ? Search : what.is === "step" ? Cpu : (face?.icon ?? Box);
  const name =
    what.is === "step"
      ? t("detail.step", { title, step: what.message.step + 1 })
      : what.is === "search"
        ? t("detail.retrieval", { title })
        : what.is === "tool"
          ? what.tool.start.tool
            ? modelName(what.tool.start.tool)
            : what.tool.start.call.name
          : title;
  return (
    <span className="flex min-w-0 items-center gap-2" style={{ paddingLeft: row.depth * 14 }}>
      <Icon size={14} aria-hidden className={TONE_TEXT[toneOf(row, face)]} />
      <span
        className={cx(
          "truncate",
          what.is === "tool" && "font-mono text-sm",
          what.is === "node" && row.depth === 0 && "font-medium",
        )}
      >
        {name}
      </span>
      <ScopeWords scope={what.view.scope} />
    </span>
  );
}

/** The item or turn of the enclosing containers that a row belongs to. */
function ScopeWords({ scope }: { scope?: Scope }) {
  const { t } = useTranslation("runs");
  const words = (scope ?? []).flatMap((part) =>
    part.item !== undefined
      ? t("detail.item", { item: part.item + 1 })
      : part.turn !== undefined
        ? t("detail.iteration", { turn: part.turn + 1 })
        : [],
  );
  if (words.length === 0) return null;
  return <span className="shrink-0 text-ink-3 text-xs tnum">{words.join(" · ")}</span>;
}

import { Handle, type NodeProps, Position } from "@xyflow/react";
import type { TFunction } from "i18next";
import { CircleSlash, Clock3 } from "lucide-react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { useStore as useZustand } from "zustand";
import { type NodeView, workedMs } from "../../runtime/fold-run.ts";
import type { GraphNode } from "../../runtime/graph.ts";
import type { Issue } from "../../runtime/issue.ts";
import { edgeFit } from "../../runtime/port.ts";
import { CARD, type CardPorts, cardHeight, portBoxes } from "../graph/card-size.ts";
import { lookup } from "../graph/lookup.ts";
import type { DrawnPort } from "../graph/ports.ts";
import { nodeIcon, nodeTone } from "../hooks/node-icons.ts";
import { useIsFresh, useLive, useNodeFacts, useNodeIssues, useWorkbench } from "../hooks/use-workbench.ts";
import * as format from "../i18n/format.ts";
import { useNodeWords } from "../i18n/node-words.ts";
import { hasInnerGraph } from "../session/called-agents.ts";
import { outputAt, viewOf } from "../session/live-run.ts";
import type { Workbench } from "../session/workbench.ts";
import { TONE_SOFT, TONE_TEXT } from "../ui/badge.tsx";
import { cx } from "../ui/cx.ts";
import { CardBody } from "./card-body.tsx";
import { InnerGraphButtons } from "./container-body.tsx";
import { ExpandedBody } from "./expanded-body.tsx";
import type { CardNode } from "./flow-model.ts";
import { PinMark } from "./pin-mark.tsx";
import { useZoomedOut } from "./zoomed-out.ts";

interface CardProps {
  node: GraphNode;
  view?: NodeView;
  ports: CardPorts;
  selected: boolean;
  dragging: boolean;
}

/** A node on the canvas. It renders again only when its own node, ports, issues or run change. */
export const Card = memo(function Card({ data, selected, dragging }: NodeProps<CardNode>) {
  const view = useLive((state) => viewOf(state, data.node.id));
  const Shown = useZoomedOut() ? SmallCard : FullCard;
  return <Shown node={data.node} ports={data.ports} view={view} selected={selected} dragging={dragging} />;
});

function ring(view: NodeView | undefined, selected: boolean, bad: boolean): string {
  if (view?.status === "failed") return "ring-bad";
  if (view?.status === "running") return "ring-accent card-running";
  if (view?.status === "waiting") return "ring-warn";
  if (selected) return "ring-accent ring-[1.5px]";
  return bad ? "ring-bad/55" : "ring-line-strong";
}

function FullCard({ node, view, ports, selected, dragging }: CardProps) {
  const words = useNodeWords();
  const { definition } = useNodeFacts(node);
  const issues = useNodeIssues(node.id);
  const fresh = useIsFresh(node.id);
  const bad = !fresh && issues.some((issue) => issue.severity === "error");
  const Icon = nodeIcon(definition);
  return (
    <div
      className={cx(
        "card flex flex-col rounded-xl bg-surface ring-1 transition-[opacity,box-shadow]",
        ring(view, selected, bad),
        (view?.status === "skipped" || node.bypass) && "opacity-45",
        node.bypass && "outline-2 outline-ink-3 outline-dashed outline-offset-1",
        dragging ? "shadow-float" : "shadow-card",
      )}
      style={{ width: CARD.width }}
    >
      <header className="flex shrink-0 items-center gap-2 px-3" style={{ height: CARD.head }}>
        <span className="relative">
          <Icon size={15} aria-hidden className={TONE_TEXT[nodeTone(definition)]} />
          <IssueMark issues={issues} quiet={fresh} />
        </span>
        <span className="min-w-0 flex-1 truncate font-semibold">{words.nodeTitle(node)}</span>
        <PinMark node={node.id} inRun={view?.pinned === true} />
        {node.bypass ? <BypassMark /> : view && <CardStatus view={view} />}
        <InnerGraphButtons node={node} />
      </header>
      <PortRows node={node} ports={ports} view={view} />
      <CardBody node={node} view={view} issues={issues} />
      {hasInnerGraph(node) && <ExpandedBody node={node} />}
    </div>
  );
}

/** A dot on the icon of a node with issues. */
function IssueMark({ issues, quiet }: { issues: readonly Issue[]; quiet: boolean }) {
  const { t } = useTranslation("canvas");
  const mark = issues.find((issue) => issue.severity === "error") ?? issues[0];
  if (!mark) return null;
  return (
    <span
      title={mark.message}
      className={cx(
        "-top-1.5 -right-1.5 absolute size-2 rounded-full ring-2 ring-surface",
        quiet ? "bg-ink-3" : mark.severity === "error" ? "bg-bad" : "bg-warn",
      )}
    >
      <span className="sr-only">{t("issueCount", { count: issues.length })}</span>
    </span>
  );
}

function BypassMark() {
  const { t } = useTranslation("canvas");
  return <CircleSlash size={13} aria-label={t("bypassed")} className="text-ink-2" />;
}

/** Whether the node waits or runs; at the end, its duration. The rest is in the tooltip: the title needs the room. */
function CardStatus({ view }: { view: NodeView }) {
  const { t } = useTranslation("canvas");
  if (view.status === "waiting") return <Clock3 size={13} aria-label={t("waiting")} className="text-warn" />;
  if (view.status === "running")
    return <span className="size-1.5 animate-breathe rounded-full bg-accent" role="img" aria-label={t("running")} />;
  const ms = workedMs(view);
  if (ms === undefined || view.status === "skipped") return null;
  return (
    <span className="whitespace-nowrap font-mono text-2xs text-ink-3" title={spentWords(view, t)}>
      {format.span(ms)}
    </span>
  );
}

/** Tokens, cost, and the time that a person took. */
function spentWords(view: NodeView, t: TFunction<"canvas">): string | undefined {
  const tokens = view.inputTokens + view.outputTokens;
  const parts = [
    tokens > 0 && t("tokensShort", { count: tokens, shown: format.compact(tokens) }),
    view.costUsd !== undefined && format.dollars(view.costUsd),
    view.waitedMs !== undefined && t("waitedTime", { time: format.span(view.waitedMs) }),
  ].filter(Boolean);
  return parts.length > 0 ? parts.join(" · ") : undefined;
}

function PortRows({ node, ports, view }: { node: GraphNode; ports: CardPorts; view?: NodeView }) {
  const rows = Math.max(ports.inputs.length, ports.outputs.length);
  if (rows === 0) return null;
  return (
    <div className="flex shrink-0 flex-col" style={{ paddingBlock: CARD.pad }}>
      {Array.from({ length: rows }, (_, row) => {
        const input = ports.inputs[row];
        const output = ports.outputs[row];
        return (
          <div
            key={`${input?.id ?? ""} ${output?.id ?? ""}`}
            className="relative flex items-center justify-between gap-2 px-3"
            style={{ height: CARD.row }}
          >
            {input ? <PortLabel node={node} port={input} side="in" /> : <span />}
            {output && <PortLabel node={node} port={output} side="out" value={view?.outputs?.[output.id]} />}
          </div>
        );
      })}
    </div>
  );
}

/** A port: its name and its handle. It fades while an edge is drawn that it cannot take. */
const PortLabel = memo(function PortLabel({
  node,
  port,
  side,
  value,
}: {
  node: GraphNode;
  port: DrawnPort;
  side: "in" | "out";
  value?: unknown;
}) {
  const words = useNodeWords();
  const workbench = useWorkbench();
  const { pendingEdge } = workbench;
  const title = `${port.id}: ${words.kind(port.kind)}`;
  const fit = useZustand(pendingEdge, ({ from }) => {
    if (!from) return "idle";
    if (from.node === node.id) return from.port === port.id && from.side === side ? "source" : "away";
    if (from.side === side || port.missing) return "away";
    const how = side === "in" ? edgeFit(from.kind, port.kind) : edgeFit(port.kind, from.kind);
    return how === "no" ? "away" : "takes";
  });
  const count = Array.isArray(value) ? value.length : undefined;
  return (
    <span
      className={cx(
        "flex min-w-0 items-center transition-opacity",
        fit === "away" && "opacity-30",
        side === "out" && "ml-auto text-right",
      )}
    >
      <span className={cx("truncate text-sm", port.missing ? "text-bad line-through" : "text-ink-2")}>
        {words.port(node.type, port)}
        {count !== undefined && <span className="text-ink-3 tnum"> · {count}</span>}
      </span>
      <Handle
        id={port.id}
        type={side === "in" ? "target" : "source"}
        position={side === "in" ? Position.Left : Position.Right}
        className={cx(
          "port",
          port.connected && "port-connected",
          port.many && "port-many",
          port.missing && "port-missing",
          fit === "takes" && "port-takes",
          port.optional && "port-optional",
        )}
        style={{ "--port": port.missing ? "var(--bad)" : `var(--kind-${port.kind})` } as React.CSSProperties}
        title={title}
        // The last value is read only when the pointer is over the port.
        onPointerEnter={(event) => {
          const last = lastValue(workbench, node.id, port.id, side);
          event.currentTarget.title = last === undefined ? title : `${title}\n${shortened(last)}`;
        }}
      />
    </span>
  );
});

/** The last value of an output in the displayed run; for an input, that of the output at its first edge. */
function lastValue(workbench: Workbench, node: string, port: string, side: "in" | "out"): unknown {
  const end = side === "out" ? `${node}.${port}` : lookup(workbench.graph()).at(node, port, "in")[0]?.from;
  return end && outputAt(workbench.live.getState(), end);
}

/** The start of a value for a tooltip. The inspector shows all of it. */
function shortened(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return text.length > 400 ? `${text.slice(0, 400)}…` : text;
}

/** The card of a zoomed-out canvas: title and state. */
function SmallCard({ node, view, ports, selected }: CardProps) {
  const words = useNodeWords();
  const { definition } = useNodeFacts(node);
  const issues = useNodeIssues(node.id);
  const fresh = useIsFresh(node.id);
  const bad = !fresh && issues.some((issue) => issue.severity === "error");
  return (
    <div
      className={cx(
        "flex items-center justify-center rounded-xl bg-surface p-4 text-center ring-2",
        ring(view, selected, bad),
        (view?.status === "skipped" || node.bypass) && "opacity-45",
      )}
      style={{ width: CARD.width, height: cardHeight(node.type, ports) }}
    >
      <span className={cx("line-clamp-2 rounded-lg px-3 py-1 font-semibold text-2xl", TONE_SOFT[nodeTone(definition)])}>
        {words.nodeTitle(node)}
      </span>
      <EdgeEnds ports={ports} />
    </div>
  );
}

/**
 * The ends of the edges on a card without handles. React Flow reads the ends from the page whenever a card is mounted or
 * resized (`getHandleBounds`), and does not draw an edge whose end it does not find.
 */
const EdgeEnds = memo(function EdgeEnds({ ports }: { ports: CardPorts }) {
  return portBoxes(ports).map(({ id, side, x, y, width, height }) => (
    <span
      key={`${side} ${id}`}
      aria-hidden
      className={cx("pointer-events-none absolute", side === "in" ? "target" : "source")}
      data-handleid={id}
      data-handlepos={side === "in" ? Position.Left : Position.Right}
      style={{ left: x, top: y, width, height }}
    />
  ));
});

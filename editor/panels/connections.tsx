import { X } from "lucide-react";
import { useTranslation } from "react-i18next";
import { edgeEnd, type GraphNode } from "../../runtime/graph.ts";
import { connectablePorts } from "../graph/can-connect.ts";
import { remove } from "../graph/commands.ts";
import { edgeKey, lookup } from "../graph/lookup.ts";
import { type DrawnPort, drawnPorts } from "../graph/ports.ts";
import { useDrawEdge } from "../hooks/use-draw-edge.ts";
import { useDocument, useGraph, useReader, useWorkbench } from "../hooks/use-workbench.ts";
import { useNodeWords } from "../i18n/node-words.ts";
import { TONE_FILL } from "../ui/badge.tsx";
import { cx } from "../ui/cx.ts";
import { IconButton } from "../ui/icon-button.tsx";
import { Part } from "./parts.tsx";

/** The nearest come first; others can be connected on the canvas. */
const MOST_OFFERS = 200;

/** The connections of each port, and a list to add more without a mouse. */
export function Connections({ node }: { node: GraphNode }) {
  const { t } = useTranslation("panels");
  const graph = useGraph((one) => one);
  const reader = useReader();
  const ports = drawnPorts(graph, node, reader);
  if (ports.inputs.length + ports.outputs.length === 0) return null;
  return (
    <Part title={t("connections")}>
      <ul className="flex flex-col gap-2">
        {ports.inputs.map((port) => (
          <PortLine key={`in ${port.id}`} node={node} port={port} side="in" />
        ))}
        {ports.outputs.map((port) => (
          <PortLine key={`out ${port.id}`} node={node} port={port} side="out" />
        ))}
      </ul>
    </Part>
  );
}

function PortLine({ node, port, side }: { node: GraphNode; port: DrawnPort; side: "in" | "out" }) {
  const { t } = useTranslation("panels");
  const words = useNodeWords();
  const { apply, selection } = useWorkbench();
  const { draw } = useDrawEdge();
  const graph = useGraph((one) => one);
  const reader = useReader();
  const frozen = useDocument((state) => state.frozen);
  const at = lookup(graph);
  const edges = at.at(node.id, port.id, side);
  const name = (end: string) => {
    const { node: id, port: other } = edgeEnd(end);
    const found = at.node(id);
    return found ? `${words.nodeTitle(found)} · ${words.port(found.type, { id: other, kind: "any" })}` : end;
  };
  const open = !frozen && !port.missing ? connectablePorts(graph, reader, node.id, port.id, side) : [];
  const connectTo = (end: string) =>
    draw(side === "in" ? { from: end, to: `${node.id}.${port.id}` } : { from: `${node.id}.${port.id}`, to: end });
  const label = words.port(node.type, port);
  return (
    <li className="flex flex-col gap-1">
      <div className="flex items-center gap-2">
        <span
          aria-hidden
          className={cx("size-2 shrink-0 rounded-full", port.missing ? "bg-bad" : TONE_FILL[port.kind])}
        />
        <span className={cx("truncate", port.missing && "text-bad line-through")}>{label}</span>
        <span className="text-ink-3 text-xs">
          {side === "in"
            ? t("accepts", { kind: words.kind(port.kind) })
            : t("returns", { kind: words.kind(port.kind) })}
        </span>
        {open.length > 0 && (
          <select
            aria-label={t("connectPort", { port: label })}
            className="ml-auto h-6 w-24 rounded-sm border border-line bg-surface text-ink-2 text-xs"
            value=""
            onChange={(event) => connectTo(event.target.value)}
          >
            <option value="" disabled>
              {t("connectTo")}
            </option>
            {open.slice(0, MOST_OFFERS).map((mate) => (
              <option key={mate.end} value={mate.end}>
                {name(mate.end)}
              </option>
            ))}
          </select>
        )}
      </div>
      {edges.map((edge) => {
        const end = side === "in" ? edge.from : edge.to;
        return (
          <div key={edgeKey(edge)} className="flex items-center gap-1 pl-4">
            <button
              type="button"
              className="min-w-0 truncate rounded-sm text-left text-ink-2 text-sm hover:text-ink hover:underline"
              onClick={() => selection.select([edgeEnd(end).node])}
            >
              {side === "in" ? "← " : "→ "}
              {name(end)}
            </button>
            {!frozen && (
              <IconButton
                size="sm"
                icon={X}
                danger
                className="!size-5"
                label={t("disconnect", { end: name(end) })}
                onClick={() => apply(remove(new Set(), new Set([edgeKey(edge)])))}
              />
            )}
          </div>
        );
      })}
    </li>
  );
}

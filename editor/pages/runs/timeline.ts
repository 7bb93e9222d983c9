/** A run as rows on a common time axis: nodes, and inside them model steps, searches and tool calls. */
import type { EventOf } from "../../../runtime/event.ts";
import type { NodeView, RunView, ToolView } from "../../../runtime/fold-run.ts";
import type { Kind } from "../../../runtime/port.ts";

export interface TimelineRow {
  key: string;
  node: string;
  depth: number;
  what:
    | { is: "node"; view: NodeView }
    | { is: "step"; view: NodeView; message: EventOf<"message"> }
    | { is: "search"; view: NodeView; retrieval: EventOf<"retrieval"> }
    | { is: "tool"; view: NodeView; tool: ToolView };
  /** The kind that gives the row its colour. */
  kind: Kind;
  /** Milliseconds since the run started. */
  from: number;
  to: number;
  /** Not ended yet. */
  open: boolean;
  failed: boolean;
  skipped: boolean;
}

/** `now`: the end of open bars. Rows are sorted by start; the parts of a node follow it. */
export function timelineOf(run: RunView, now: number): { rows: TimelineRow[]; span: number } {
  const end = run.endedAt ?? Math.max(now, run.startedAt);
  const rows: TimelineRow[] = [];
  for (const [key, view] of run.nodes) {
    const depth = view.scope?.length ?? 0;
    const base = { node: view.node, depth, open: false, failed: false, skipped: false };
    const at = (time: number) => Math.max(0, time - run.startedAt);
    const own: TimelineRow = {
      ...base,
      key,
      what: { is: "node", view },
      kind: kindOf(view),
      from: at(view.startedAt),
      to: at(view.endedAt ?? end),
      open: view.endedAt === undefined,
      failed: view.status === "failed",
      skipped: view.status === "skipped",
    };
    const parts: TimelineRow[] = [];
    for (const message of view.messages)
      parts.push({
        ...base,
        key: `${key} step ${message.seq}`,
        depth: depth + 1,
        what: { is: "step", view, message },
        kind: "text",
        from: at(message.at - message.ms),
        to: at(message.at),
        failed: message.reason === "error" || message.reason === "refused",
      });
    for (const retrieval of view.retrievals)
      parts.push({
        ...base,
        key: `${key} search ${retrieval.seq}`,
        depth: depth + 1,
        what: { is: "search", view, retrieval },
        kind: retrieval.of === "knowledge" ? "documents" : "tools",
        from: at(retrieval.at),
        to: at(retrieval.at),
      });
    for (const tool of view.tools)
      parts.push({
        ...base,
        key: `${key} tool ${tool.call}`,
        depth: depth + 1,
        what: { is: "tool", view, tool },
        kind: "tools",
        from: at(tool.start.at),
        to: at(tool.end?.at ?? end),
        open: tool.end === undefined,
        failed: tool.end?.result.error === true,
      });
    rows.push(own);
    // A node with a single search needs no row for that search.
    if (!(parts.length === 1 && parts[0]!.what.is === "search")) rows.push(...parts.sort((a, b) => a.from - b.from));
  }
  return { rows, span: Math.max(1, end - run.startedAt) };
}

/** Derived from what the node did, because events do not contain its type. */
function kindOf(view: NodeView): Kind {
  if (view.messages.length > 0 || view.prompts.length > 0) return "text";
  if (view.retrievals.some((retrieval) => retrieval.of === "knowledge")) return "documents";
  if (view.tools.length > 0) return "tools";
  const [port] = Object.keys(view.outputs ?? {});
  if (port === "documents") return "documents";
  if (port === "tools") return "tools";
  if (port === "text" || port === "message") return "text";
  return "any";
}

/** The preview on a card: the node's last result, else its config. Returned as data, so that it can be tested. */
import type { ErrorData } from "../../runtime/error.ts";
import type { NodeView } from "../../runtime/fold-run.ts";
import type { GraphNode } from "../../runtime/graph.ts";
import type { NodeDefinition } from "../../runtime/node.ts";
import { type PreviewPart, previewOutputs, previewText } from "../../runtime/preview.ts";
import { table } from "./node-types.ts";

export type CardPreview =
  | { is: "parts"; parts: PreviewPart[] }
  /** Text that a model is streaming. */
  | { is: "stream"; text: string; thinking: boolean }
  | { is: "failed"; error: ErrorData; retrying: boolean }
  | { is: "waiting" }
  | { is: "empty" };

/** The preview of a node in the displayed run; undefined when the run has no result of it. */
export function runPreview(
  view: NodeView,
  typing: { text: string; reasoning: string; progress?: string } | undefined,
  definition?: NodeDefinition,
): CardPreview | undefined {
  if (view.error && view.status !== "done")
    return { is: "failed", error: view.error, retrying: view.status === "running" };
  if (view.status === "waiting") return { is: "waiting" };
  if (view.status === "running") {
    const tool = view.tools.findLast((one) => !one.end);
    if (tool)
      return {
        is: "parts",
        parts: [
          { mono: tool.start.tool ?? tool.start.call.name },
          { quiet: lastLine(typing?.progress) ?? previewText(JSON.stringify(tool.start.call.arguments ?? {})) },
        ],
      };
    if (typing?.text) return { is: "stream", text: tail(typing.text), thinking: false };
    if (typing?.reasoning) return { is: "stream", text: tail(typing.reasoning), thinking: true };
    return undefined;
  }
  if (view.status !== "done" || !view.outputs) return undefined;
  const { outputs } = view;
  return { is: "parts", parts: partsOf(() => (definition?.previewResult ?? previewOutputs)(outputs)) };
}

/** The preview of a node's config. A config that does not parse is shown as far as possible. */
export function configPreview(node: GraphNode, config: Record<string, unknown> | undefined): CardPreview {
  const raw = typeof node.config === "object" && node.config !== null ? node.config : {};
  const parts = partsOf(() => table.get(node.type)?.preview?.(config ?? raw, table));
  return parts.length > 0 ? { is: "parts", parts } : { is: "empty" };
}

/** The config may be invalid, and outputs may be of an older version: what a definition cannot read has no preview. */
function partsOf(read: () => PreviewPart[] | undefined): PreviewPart[] {
  try {
    return read() ?? [];
  } catch {
    return [];
  }
}

/** What a tool reported last during the call. */
function lastLine(progress = ""): string | undefined {
  return progress.trimEnd().split("\n").at(-1) || undefined;
}

function tail(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length > 120 ? `…${line.slice(-118)}` : line;
}

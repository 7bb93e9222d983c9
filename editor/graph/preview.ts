/** What a card shows below its ports: what its node did last, else what it is set to. Data, so that it can be tested. */
import type { ErrorData } from "../../runtime/error.ts";
import type { NodeView } from "../../runtime/fold-run.ts";
import type { GraphNode } from "../../runtime/graph.ts";
import type { NodeDefinition } from "../../runtime/node.ts";
import { type PreviewPart, previewOutputs, previewText } from "../../runtime/preview.ts";
import { table } from "./node-types.ts";

export type CardPreview =
  | { is: "parts"; parts: PreviewPart[] }
  /** Text that is being written. */
  | { is: "stream"; text: string; thinking: boolean }
  | { is: "failed"; error: ErrorData; retrying: boolean }
  | { is: "waiting" }
  | { is: "empty" };

/** How a node fares in the run that is shown; undefined where the run has nothing to say about it. */
export function runPreview(
  view: NodeView,
  typing: { text: string; reasoning: string } | undefined,
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
          { quiet: previewText(JSON.stringify(tool.start.call.arguments ?? {})) },
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

/** What a node is set to, before anything has run. A config that does not parse is shown as far as it can be read. */
export function configPreview(node: GraphNode, config: Record<string, unknown> | undefined): CardPreview {
  const raw = typeof node.config === "object" && node.config !== null ? node.config : {};
  const parts = partsOf(() => table.get(node.type)?.preview?.(config ?? raw, table));
  return parts.length > 0 ? { is: "parts", parts } : { is: "empty" };
}

/** A definition reads a config that may be anything, and values of older versions: what it cannot read has no preview. */
function partsOf(read: () => PreviewPart[] | undefined): PreviewPart[] {
  try {
    return read() ?? [];
  } catch {
    return [];
  }
}

function tail(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length > 120 ? `…${line.slice(-118)}` : line;
}

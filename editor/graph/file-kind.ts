/** Detects the kind of a dropped or pasted text: an agent file, a template, a flow of another tool, or another text. */
import { isObject } from "../../runtime/foreign-json.ts";
import type { Graph } from "../../runtime/graph.ts";
import type { Issue } from "../../runtime/issue.ts";
import { parseAgentFile, parseGraph } from "../../runtime/parse.ts";

export type OtherTool = "Flowise" | "n8n" | "Langflow" | "Dify";

export type FileKind =
  /** `template`: the whole file, when the agent is inside a template. */
  | { is: "agent"; graph: Graph; template?: Record<string, unknown> }
  | { is: "foreign"; tool: OtherTool }
  | { is: "half" }
  | { is: "newer" }
  | { is: "other-json" }
  | { is: "not-json" }
  | { is: "bad"; issue: Issue };

/** Larger files are not read. A graph of 5,000 nodes has a tenth of this size. */
export const MAX_FILE_BYTES = 20_000_000;

/** Never throws. */
export function fileKind(text: string): FileKind {
  const { graph, issues } = parseAgentFile(text);
  if (graph) return { is: "agent", graph };
  const first = issues[0]!;
  if (first.code === "newer-format") return { is: "newer" };
  let value: unknown;
  try {
    value = JSON.parse(text.startsWith("\uFEFF") ? text.slice(1) : text);
  } catch {
    if (/^\s*(app|workflow|kind)\s*:/m.test(text.slice(0, 4000)) && /\bdify|workflow:/i.test(text.slice(0, 20_000)))
      return { is: "foreign", tool: "Dify" };
    return /^\uFEFF?\s*[{[]/.test(text) ? { is: "half" } : { is: "not-json" };
  }
  if (isObject(value) && isObject(value.graph) && isObject(value.title)) {
    const inner = parseGraph(value.graph);
    return inner.graph ? { is: "agent", graph: inner.graph, template: value } : { is: "bad", issue: inner.issues[0]! };
  }
  const tool = foreign(value);
  if (tool) return { is: "foreign", tool };
  const format = (value as { format?: unknown } | null)?.format;
  return typeof format === "string" && format.startsWith("patchbay/")
    ? { is: "bad", issue: first }
    : { is: "other-json" };
}

function foreign(value: unknown): OtherTool | undefined {
  if (!isObject(value)) return undefined;
  const { nodes } = value;
  if (Array.isArray(nodes) && isObject(value.connections)) return "n8n";
  if (isObject(value.data) && Array.isArray(value.data.nodes)) return "Langflow";
  if (isObject(value.workflow) && isObject(value.app)) return "Dify";
  if (Array.isArray(nodes) && Array.isArray(value.edges)) {
    const data = nodes.find(isObject)?.data;
    if (isObject(data) && ("inputAnchors" in data || "inputParams" in data || "baseClasses" in data)) return "Flowise";
    if (isObject(data) && isObject(data.node)) return "Langflow";
    if (isObject(data) && !("format" in value)) return "Flowise";
  }
  if (typeof value.flowData === "string") return "Flowise";
  return undefined;
}

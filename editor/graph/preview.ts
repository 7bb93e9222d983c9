/** One or two lines for a card's body: what the node last did, else what it is set to do. Plain data, so that it can be tested. */
import type { ErrorData } from "../../runtime/error.ts";
import type { NodeView } from "../../runtime/fold-run.ts";
import type { Graph, GraphNode } from "../../runtime/graph.ts";
import type { Document } from "../../runtime/message.ts";
import type { Kind } from "../../runtime/port.ts";

export type PreviewPart =
  | { text: string }
  | { chip: string; tone: Kind }
  | { mono: string }
  | { quiet: string }
  /** By id or slug; shown by its name. */
  | { agent: string };

export type CardPreview =
  | { is: "parts"; parts: PreviewPart[] }
  /** Text that is being written. */
  | { is: "stream"; text: string; thinking: boolean }
  | { is: "failed"; error: ErrorData; retrying: boolean }
  | { is: "waiting" }
  | { is: "empty" };

const LONG = 180;
/** Nodes of a body that every body has, or that do nothing. */
const UNTOLD = new Set(["input", "output", "note"]);

/** How a node fares in the run that is shown; undefined where the run has nothing to say about it. */
export function runPreview(
  view: NodeView,
  typing: { text: string; reasoning: string } | undefined,
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
          { quiet: short(JSON.stringify(tool.start.call.arguments ?? {})) },
        ],
      };
    if (typing?.text) return { is: "stream", text: tail(typing.text), thinking: false };
    if (typing?.reasoning) return { is: "stream", text: tail(typing.reasoning), thinking: true };
    return undefined;
  }
  if (view.status !== "done" || !view.outputs) return undefined;
  return { is: "parts", parts: outputParts(view.outputs) };
}

function outputParts(outputs: Record<string, unknown>): PreviewPart[] {
  if (isDocuments(outputs.documents) && outputs.text === undefined && outputs.reply === undefined)
    return documentParts(outputs.documents);
  if (Array.isArray(outputs.tools)) {
    const tools = outputs.tools as { name: string; approve?: string }[];
    return [{ text: tools.map((tool) => shortName(tool.name)).join(" · ") }];
  }
  const taken = Object.entries(outputs).filter(([, value]) => value !== undefined);
  const first = taken.find(([port]) => port === "text" || port === "reply" || port === "message") ?? taken[0];
  if (!first) return [];
  const [port, value] = first;
  const named = taken.length === 1 && !["text", "reply", "message", "result", "results", "body"].includes(port);
  return [...(named ? [{ chip: port, tone: "any" as const }] : []), valuePart(value)];
}

function valuePart(value: unknown): PreviewPart {
  if (typeof value === "string") return { text: short(value) };
  if (isDocuments(value)) return { text: value.map((document) => document.title).join(" · ") };
  return { mono: short(JSON.stringify(value) ?? "") };
}

function documentParts(documents: Document[]): PreviewPart[] {
  const [first] = documents;
  if (!first) return [{ quiet: "0" }];
  const place = first.source?.page === undefined ? first.source?.heading : `p. ${first.source.page}`;
  const score = typeof first.score === "number" ? first.score.toFixed(2) : "";
  return [
    { chip: [first.title, place].filter(Boolean).join(" "), tone: "documents" },
    { text: short(first.text) },
    { quiet: score },
  ];
}

/** What a node is set to, before anything has run. */
export function configPreview(
  node: GraphNode,
  config: Record<string, unknown> | undefined,
  graph?: Graph,
): CardPreview {
  const c =
    config ?? (typeof node.config === "object" && node.config !== null ? (node.config as Record<string, unknown>) : {});
  const parts = configParts(node.type, c);
  if (node.type === "input" && graph && parts.length === 0) return { is: "empty" };
  return parts.length ? { is: "parts", parts } : { is: "empty" };
}

function configParts(type: string, c: Record<string, unknown>): PreviewPart[] {
  const text = (key: string): string => (typeof c[key] === "string" ? (c[key] as string).trim() : "");
  switch (type) {
    case "prompt":
      return text("template") ? [{ text: short(text("template")) }] : [];
    case "llm":
      return [{ mono: text("model") || "default" }];
    case "retriever":
      return text("knowledge") ? [{ chip: text("knowledge"), tone: "documents" }] : [];
    case "tool": {
      const tools = Array.isArray(c.tools) ? (c.tools as string[]) : [];
      return tools.length ? [{ text: tools.map(shortName).join(" · ") }] : [];
    }
    case "action":
      return text("tool") ? [{ mono: shortName(text("tool")) }] : [];
    case "http":
      return text("url") ? [{ quiet: text("method") }, { mono: short(text("url")) }] : [];
    case "code":
      return text("source") ? [{ mono: short(text("source")) }] : [];
    case "router": {
      const cases = Array.isArray(c.cases) ? (c.cases as { name: string }[]) : [];
      return cases.length ? [{ text: cases.map((one) => one.name).join(" · ") }] : [];
    }
    case "map":
    case "loop": {
      const body = c.body as Graph | { agent: string } | null | undefined;
      if (body && "agent" in body) return [{ agent: body.agent }];
      const steps = body?.nodes.filter((one) => !UNTOLD.has(one.type)) ?? [];
      return steps.length ? [{ text: short(steps.map((one) => one.title || one.type).join(" · ")) }] : [];
    }
    case "agent":
      return text("agent") ? [{ agent: text("agent") }] : [];
    case "approval":
      return text("question") ? [{ text: short(text("question")) }] : [];
    case "input": {
      const fields = Array.isArray(c.fields) ? (c.fields as { name: string }[]) : [];
      return fields.length ? [{ text: fields.map((one) => one.name).join(" · ") }] : [];
    }
    default:
      return [];
  }
}

/** `mcp/files/read_file` → `files/read_file`, `builtin/clock` → `clock`. */
export function shortName(tool: string): string {
  const parts = tool.split("/");
  return parts[0] === "mcp" || parts[0] === "openapi" ? parts.slice(1).join("/") : (parts.at(-1) ?? tool);
}

export function isDocuments(value: unknown): value is Document[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((item) => typeof item === "object" && item !== null && "text" in item && "title" in item)
  );
}

function short(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > LONG ? `${line.slice(0, LONG)}…` : line;
}

function tail(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length > 120 ? `…${line.slice(-118)}` : line;
}

/** The preview on a node's card, of its config or of its last result, as data for the editor. */
import type { Document } from "./message.ts";
import type { Kind } from "./port.ts";
import type { PartialRule } from "./rule.ts";
import type { Approval } from "./tool.ts";

export type PreviewPart =
  | { text: string }
  /** Set in a monospaced font. */
  | { mono: string }
  /** Set in a lighter colour. */
  | { quiet: string }
  /** A label in the colour of a kind. */
  | { chip: string; kind: Kind }
  /** A condition; the editor writes it in words. */
  | { rule: PartialRule }
  /** A model by name; the editor has words for `default`. */
  | { model: string }
  /** An agent by id or slug; the editor shows its name. */
  | { agent: string }
  /** A tool by its full name, with its approval if set. */
  | { tool: string; approve?: Approval };

const MAX_CHARACTERS = 180;

/** Port names that are not shown, because they only name the result. */
const PLAIN_PORTS = ["text", "reply", "message", "result", "results", "body"];

/** Text as one line of at most 180 characters. */
export function previewText(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > MAX_CHARACTERS ? `${line.slice(0, MAX_CHARACTERS)}…` : line;
}

/** Names joined by " · "; no part for an empty list. */
export function previewNames(names: readonly string[]): PreviewPart[] {
  return names.length > 0 ? [{ text: previewText(names.join(" · ")) }] : [];
}

/** The result of a run: its text, reply or message, else its documents, else its first value. */
export function previewOutputs(outputs: Record<string, unknown>): PreviewPart[] {
  const { documents } = outputs;
  if (outputs.text === undefined && outputs.reply === undefined && (isDocuments(documents) || isEmptyList(documents)))
    return previewDocuments(documents);
  const taken = Object.entries(outputs).filter(([, value]) => value !== undefined);
  const first = taken.find(([port]) => port === "text" || port === "reply" || port === "message") ?? taken[0];
  if (!first) return [];
  const [port, value] = first;
  const named = taken.length === 1 && !PLAIN_PORTS.includes(port);
  return [...(named ? [{ chip: port, kind: "any" as const }] : []), previewValue(value)];
}

/** The best document: its title and position, its text, its score. */
function previewDocuments(documents: readonly Document[]): PreviewPart[] {
  const [first] = documents;
  if (!first) return [{ quiet: "0" }];
  const position = first.source?.page === undefined ? first.source?.heading : `p. ${first.source.page}`;
  return [
    { chip: [first.title, position].filter(Boolean).join(" "), kind: "documents" },
    { text: previewText(first.text) },
    { quiet: typeof first.score === "number" ? first.score.toFixed(2) : "" },
  ];
}

/** `mcp/files/read_file` → `files/read_file`, `builtin/clock` → `clock`. */
export function shortToolName(tool: string): string {
  const parts = tool.split("/");
  return parts[0] === "mcp" || parts[0] === "openapi" ? parts.slice(1).join("/") : (parts.at(-1) ?? tool);
}

const isEmptyList = (value: unknown): value is [] => Array.isArray(value) && value.length === 0;

function previewValue(value: unknown): PreviewPart {
  if (typeof value === "string") return { text: previewText(value) };
  if (isDocuments(value)) return { text: value.map((document) => document.title).join(" · ") };
  return { mono: previewText(JSON.stringify(value) ?? "") };
}

export function isDocuments(value: unknown): value is Document[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((item) => typeof item === "object" && item !== null && "text" in item && "title" in item)
  );
}

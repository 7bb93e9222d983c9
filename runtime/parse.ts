/** Reads an agent file from text or from a value. Every issue names its path. */
import type { z } from "zod";
import { findDuplicateKey, findRefusedPart, isTextTooDeep, MAX_JSON_DEPTH } from "./foreign-json.ts";
import { FORMAT, Graph } from "./graph.ts";
import { type Issue, type IssueCode, pointer } from "./issue.ts";

/**
 * All saved formats, oldest first. Readers accept all of them. A change that older readers would misread gets a new entry
 * here, and an upgrade step in `parseGraph`.
 */
const FORMATS: { format: string; brought: string }[] = [
  { format: FORMAT, brought: "the first: nodes, edges, settings, groups, tests, layout" },
];

export type ParsedGraph = { graph: Graph; issues: [] } | { graph?: undefined; issues: Issue[] };

/** Reads the text of an agent file. Never throws. Refuses duplicate keys, which readers interpret differently. */
export function parseAgentFile(text: string): ParsedGraph {
  const clean = text.startsWith("\uFEFF") ? text.slice(1) : text;
  // First, because a parser may overflow the stack.
  if (isTextTooDeep(clean)) return { issues: [tooDeep("")] };
  let value: unknown;
  try {
    value = JSON.parse(clean);
  } catch (error) {
    return {
      issues: [
        issue(
          "bad-json",
          `This is not JSON: ${(error as Error).message}.`,
          "",
          "Check for a missing comma, quote or bracket.",
        ),
      ],
    };
  }
  const duplicate = duplicateKey(clean);
  return duplicate ? { issues: [duplicate] } : parseGraph(value);
}

/** Reads a graph from a parsed value. Never throws. Accepts every well-formed graph, also one that cannot run. */
export function parseGraph(value: unknown): ParsedGraph {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return { issues: [issue("bad-value", "An agent file is a JSON object.", "")] };
  const refused = findRefused(value);
  if (refused) return { issues: [refused] };
  const format = (value as { format?: unknown }).format;
  if (typeof format === "string" && /^patchbay\/\d+$/.test(format) && !FORMATS.some((known) => known.format === format))
    return {
      issues: [
        issue(
          "newer-format",
          `This file is of format ${format}; this version reads up to ${FORMAT}.`,
          "/format",
          "Update Patchbay, or export the agent from the newer version in the older format.",
        ),
      ],
    };
  const parsed = Graph.safeParse(value);
  if (parsed.success) return { graph: parsed.data, issues: [] };
  return { issues: parsed.error.issues.slice(0, 100).flatMap(fromZod) };
}

/** Converts an issue of zod; `base` is the JSON pointer of the parsed value in the file. */
export function fromZod(found: z.core.$ZodIssue, base: string | number = ""): Issue[] {
  const prefix = typeof base === "string" ? base : "";
  const path = prefix + pointer(...found.path.map((part) => (typeof part === "symbol" ? String(part) : part)));
  const params = (found as { params?: { unknownKey?: string } }).params;
  if (params?.unknownKey !== undefined)
    return [
      issue(
        "unknown-key",
        `Unknown key "${params.unknownKey}".`,
        path,
        'Remove it, or begin it with "x-" to keep it as an extension.',
      ),
    ];
  if (found.code === "unrecognized_keys")
    return found.keys.map((key) => issue("unknown-key", `Unknown key "${key}".`, path + pointer(key), "Remove it."));
  return [issue("bad-value", `${found.message}${/[.!?]$/.test(found.message) ? "" : "."}`, path)];
}

function issue(code: IssueCode, message: string, path: string, fix?: string): Issue {
  return { severity: "error", code, message, path, ...(fix ? { fix } : {}) };
}

/** A key that appears twice, which `JSON.parse` hides. */
function duplicateKey(text: string): Issue | undefined {
  const found = findDuplicateKey(text);
  if (!found) return undefined;
  const lines = text.slice(0, found.offset).split("\n");
  const at = `line ${lines.length}, column ${lines.at(-1)!.length + 1}`;
  const message = `The key "${found.key}" appears twice in one object (${at}).`;
  return issue("duplicate-key", message, found.path, "Remove one of the two.");
}

function tooDeep(path: string): Issue {
  return issue("too-large", `The JSON is nested more than ${MAX_JSON_DEPTH} deep.`, path);
}

function findRefused(value: unknown): Issue | undefined {
  const refused = findRefusedPart(value);
  if (refused?.key === undefined) return refused && tooDeep(refused.path);
  const message = `The key "${refused.key}" is not allowed anywhere in a graph.`;
  return issue("unknown-key", message, refused.path, "Rename it.");
}

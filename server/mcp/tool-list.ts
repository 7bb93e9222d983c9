/**
 * The tools of a server: each entry of its list read on its own, bounded, cleaned, and pinned by a hash. An entry that
 * cannot be used is left out with its reason and costs no other.
 */
import { createHash } from "node:crypto";
import type { Effect, JsonSchema, ToolSpec } from "../../runtime/tool.ts";
import type { ToolHints } from "../contract/mcp-server.ts";
import { cleanText, cutText } from "../tools/clean-text.ts";
import { PatternBudget, usableArguments } from "../tools/foreign-schema.ts";

export const MAX_TOOLS = 1_000;
const MAX_LISTED = 100;
const MAX_DESCRIPTION = 4_000;
const TOOL_NAME = /^[\w./:@+-]{1,128}$/;

/** A tool as it is pinned. */
export interface PinnedTool {
  name: string;
  description: string;
  /** What the server sent, without the keywords that cannot be used. */
  parameters: JsonSchema;
  /** Hash of name, description and schema as the server sent them. */
  hash: string;
  /** What the server says about the tool. Absent in pins of older versions. */
  hints?: ToolHints;
  /** What was left out of its schema. */
  notes?: string[];
}

export interface RejectedTool {
  tool: string;
  reason: string;
}

export interface ToolList {
  tools: PinnedTool[];
  rejected: RejectedTool[];
}

/** Reads the entries of a list. Names are unique; the order is the server's. `total`: entries that the server has. */
export function readTools(entries: readonly unknown[], total = entries.length): ToolList {
  const accepted = new Map<string, PinnedTool>();
  const rejected: RejectedTool[] = [];
  const patterns = new PatternBudget();
  for (const entry of entries) {
    if (accepted.size >= MAX_TOOLS) break;
    const tool = readTool(entry, patterns);
    if ("reason" in tool) rejected.push(tool);
    else if (accepted.has(tool.name)) rejected.push({ tool: tool.name, reason: "there is another tool of that name" });
    else accepted.set(tool.name, tool);
  }
  const unread = total - accepted.size - rejected.length;
  const shown = rejected.slice(0, MAX_LISTED);
  if (rejected.length > MAX_LISTED)
    shown.push({ tool: "…", reason: `${rejected.length - MAX_LISTED} more tools were left out` });
  if (unread > 0) shown.push({ tool: "…", reason: `${unread} more tools; at most ${MAX_TOOLS} are taken` });
  return { tools: [...accepted.values()], rejected: shown };
}

function readTool(entry: unknown, patterns: PatternBudget): PinnedTool | RejectedTool {
  if (!isObject(entry)) return { tool: shownName(entry), reason: "it is not an object" };
  const { name, inputSchema } = entry;
  const shown = shownName(name);
  if (typeof name !== "string") return { tool: shown, reason: "it has no name" };
  if (!TOOL_NAME.test(name))
    return { tool: shown, reason: "its name has characters that are not allowed in a tool name" };
  const given = usableArguments(inputSchema, patterns);
  if ("problem" in given) return { tool: shown, reason: `its arguments cannot be used: ${given.problem}` };
  const annotations = isObject(entry.annotations) ? entry.annotations : {};
  const description = [entry.description, entry.title, annotations.title].find(isText) ?? "";
  const hints: ToolHints = {
    ...(annotations.readOnlyHint === true && annotations.destructiveHint !== true && { readOnly: true }),
    ...(annotations.destructiveHint === true && { destructive: true }),
  };
  return {
    name,
    description: cutText(cleanText(description), MAX_DESCRIPTION) || name,
    parameters: given.parameters,
    hash: hashOf([name, description, inputSchema]) ?? sha256([name, description, given.parameters]),
    hints,
    ...(given.notes.length > 0 && { notes: given.notes }),
  };
}

function shownName(name: unknown): string {
  return cutText(cleanText(typeof name === "string" ? name : (JSON.stringify(name) ?? "unnamed")), 80);
}

/** Undefined for a schema that is nested too deep to be hashed. */
function hashOf(value: unknown): string | undefined {
  try {
    return sha256(value);
  } catch {
    return undefined;
  }
}

/** The differences between the pinned list and the present one, as text; empty when there are none. */
export function listChanges(pinned: readonly PinnedTool[], present: readonly PinnedTool[]): string[] {
  const before = new Map(pinned.map((tool) => [tool.name, tool]));
  const now = new Set(present.map((tool) => tool.name));
  const changes: string[] = [];
  for (const tool of present) {
    const old = before.get(tool.name);
    if (!old) changes.push(`new tool ${tool.name}`);
    else if (old.hash !== tool.hash) changes.push(`changed tool ${tool.name}`);
    else if (old.hints && !sameHints(old.hints, tool.hints)) changes.push(`other hints of tool ${tool.name}`);
  }
  for (const name of before.keys()) if (!now.has(name)) changes.push(`tool ${name} is gone`);
  return changes;
}

function sameHints(a: ToolHints = {}, b: ToolHints = {}): boolean {
  return a.readOnly === b.readOnly && a.destructive === b.destructive;
}

/** The effect of a tool: what the operator set, else what the server says where the operator accepted its hints. */
export function effectOf(
  tool: PinnedTool,
  { effects = {}, acceptHints }: { effects?: Record<string, Effect>; acceptHints?: boolean },
): Effect {
  const set = Object.hasOwn(effects, tool.name) ? effects[tool.name] : undefined;
  const hinted = acceptHints && tool.hints?.readOnly ? "read" : undefined;
  return set ?? hinted ?? effects["*"] ?? "outside";
}

export function toSpec(server: string, tool: PinnedTool, effect: Effect): ToolSpec {
  return { name: `mcp/${server}/${tool.name}`, summary: tool.description, parameters: tool.parameters, effect };
}

/** SHA-256 of the canonical JSON (keys sorted at every depth), in hex. */
export function sha256(value: unknown): string {
  return createHash("sha256").update(canonical(value)).digest("hex");
}

function canonical(value: unknown): string {
  if (value === undefined) return "null";
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(",")}}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

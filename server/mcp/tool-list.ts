/** The tools of a server, as far as they can be trusted: bounded, cleaned, and pinned by a hash. */
import { createHash } from "node:crypto";
import type { Tool } from "@modelcontextprotocol/client";
import { argumentsProblem } from "../../runtime/json-schema.ts";
import type { Effect, JsonSchema, ToolSpec } from "../../runtime/tool.ts";
import { cleanText, cutText } from "../tools/clean-text.ts";

export const MAX_TOOLS = 1_000;
const MAX_DESCRIPTION = 4_000;
const TOOL_NAME = /^[\w./:@+-]{1,128}$/;

/** A tool as it is pinned. */
export interface PinnedTool {
  name: string;
  description: string;
  parameters: JsonSchema;
  /** Hash of name, description and schema as the server gave them. */
  hash: string;
}

export interface RejectedTool {
  tool: string;
  reason: string;
}

/** What is kept of a server's list, and what was left out and why. Names are unique; order is the server's. */
export function acceptTools(
  tools: readonly Tool[],
  total = tools.length,
): { tools: PinnedTool[]; rejected: RejectedTool[] } {
  const accepted = new Map<string, PinnedTool>();
  const rejected: RejectedTool[] = [];
  for (const tool of tools) {
    const shown = cutText(cleanText(String(tool.name)), 80);
    if (accepted.size >= MAX_TOOLS) break;
    if (!TOOL_NAME.test(tool.name))
      rejected.push({ tool: shown, reason: "its name has characters that no tool name has" });
    else if (accepted.has(tool.name)) rejected.push({ tool: shown, reason: "there is another tool of that name" });
    else {
      const problem = argumentsProblem(tool.inputSchema);
      if (problem) rejected.push({ tool: shown, reason: `its arguments cannot be used: ${problem}` });
      else accepted.set(tool.name, pin(tool));
    }
  }
  if (total > accepted.size + rejected.length)
    rejected.push({
      tool: "…",
      reason: `${total - accepted.size - rejected.length} more tools; at most ${MAX_TOOLS} are taken`,
    });
  return { tools: [...accepted.values()], rejected: rejected.slice(0, 100) };
}

function pin(tool: Tool): PinnedTool {
  const given = tool.description ?? tool.title ?? "";
  const { $schema: _, ...parameters } = tool.inputSchema as JsonSchema;
  return {
    name: tool.name,
    description: cutText(cleanText(given), MAX_DESCRIPTION) || tool.name,
    parameters: { ...parameters, type: "object" },
    hash: sha256([tool.name, given, tool.inputSchema]),
  };
}

/** What differs between the pinned list and the present one, in words; empty when nothing does. */
export function listChanges(pinned: readonly PinnedTool[], present: readonly PinnedTool[]): string[] {
  const before = new Map(pinned.map((tool) => [tool.name, tool.hash]));
  const now = new Map(present.map((tool) => [tool.name, tool.hash]));
  const changes: string[] = [];
  for (const [name, hash] of now) {
    if (!before.has(name)) changes.push(`new tool ${name}`);
    else if (before.get(name) !== hash) changes.push(`changed tool ${name}`);
  }
  for (const name of before.keys()) if (!now.has(name)) changes.push(`tool ${name} is gone`);
  return changes;
}

export function toSpec(server: string, tool: PinnedTool, effects: Record<string, Effect> = {}): ToolSpec {
  const effect = (Object.hasOwn(effects, tool.name) ? effects[tool.name] : effects["*"]) ?? "outside";
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

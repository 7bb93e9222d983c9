/** Tools: spec, offer and result. The binding, which calls the tool, is part of the server. */
import { z } from "zod";
import { FileRef } from "./message.ts";

/**
 * `read` changes nothing, `write` changes data of the operator, `outside` affects other systems or people.
 * Set by the operator or the importer, never by a remote server's annotations.
 */
export const Effect = z.enum(["read", "write", "outside"]);
export type Effect = z.infer<typeof Effect>;

/** `auto` calls at once, `ask` waits for a person, `off` withholds the tool. */
export const Approval = z.enum(["auto", "ask", "off"]);
export type Approval = z.infer<typeof Approval>;

/** Whether a name or a pattern (`mcp/<server>/*`) matches a tool. */
export function matchesTool(pattern: string, name: string): boolean {
  return pattern.endsWith("/*") ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}

/** The names of the secrets among a tool's missing requirements (`ToolCard.needs`). */
export function missingSecrets(needs: readonly string[] = []): string[] {
  return needs.flatMap((need) => (need.startsWith("secret ") ? [need.slice("secret ".length)] : []));
}

/** Finds tools by name or pattern. Returns the same array for equal patterns. */
export function toolFinder(tools: ReadonlyMap<string, ToolSpec>): (pattern: string) => readonly ToolSpec[] {
  const found = new Map<string, readonly ToolSpec[]>();
  return (pattern) => {
    let hits = found.get(pattern);
    if (!hits) {
      const exact = tools.get(pattern);
      hits = exact ? [exact] : [...tools.values()].filter((tool) => matchesTool(pattern, tool.name));
      found.set(pattern, hits);
    }
    return hits;
  };
}

/** A JSON Schema (draft 2020-12 subset), as data. */
export type JsonSchema = { [key: string]: unknown };

export const ToolSpec = z.object({
  /** `builtin/x`, `http/x`, `openapi/<api>/x`, `mcp/<server>/x`, `code/x` or `agent/<slug>`. */
  name: z.string(),
  summary: z.string(),
  /** JSON Schema of the arguments; always of `type: "object"`. */
  parameters: z.record(z.string(), z.unknown()),
  effect: Effect,
  /** The operator marked it safe to repeat: an uncertain call is sent again with the same idempotency key. */
  repeatable: z.boolean().optional(),
});
export type ToolSpec = z.infer<typeof ToolSpec>;

/** A tool as offered to a model by a `tool` node. */
export interface ToolOffer extends ToolSpec {
  approve: Approval;
  /** Always in the prompt, without retrieval. */
  pinned?: boolean;
}

export const ToolResult = z.object({
  /** The text for the model. */
  content: z.string(),
  /** The structured value, if any. */
  value: z.unknown().optional(),
  files: z.array(FileRef).optional(),
  /** Usage of a tool that calls a model. Counts against the run's budget. */
  usage: z
    .object({ model: z.string(), inputTokens: z.number(), outputTokens: z.number(), costUsd: z.number().optional() })
    .optional(),
  /** The call failed; `content` says why. The model gets it, and the run continues. */
  error: z.boolean().optional(),
});
export type ToolResult = z.infer<typeof ToolResult>;

export interface RankedTool {
  tool: ToolOffer;
  score: number;
  /** Rank (from 1) in each search that was fused. */
  ranks: Record<string, number>;
}

/** Templates that agents and tools can begin as. */
import { z } from "zod";
import type { Graph } from "../../runtime/graph.ts";
import type { Agent } from "./agent.ts";
import type { McpServerCard } from "./mcp-server.ts";
import { typed } from "./typed.ts";

const Words = z.object({ en: z.string(), zh: z.string() });

export const Template = z.object({
  id: z.string(),
  icon: z.string().describe("A lucide icon."),
  tags: z.array(z.string()),
  title: Words,
  summary: Words,
  language: z.enum(["en", "zh"]),
  graph: typed<Graph>(),
  samples: z.array(z.object({ knowledge: z.string(), title: z.string() })),
  needs: z.object({
    knowledge: z.array(z.object({ name: z.string() })),
    mcpServers: z.array(z.object({ name: z.string(), package: z.string(), folder: z.boolean() })),
    tools: z.array(z.string()),
    secrets: z.array(z.string()),
    models: z.array(z.string()),
  }),
  ready: z.boolean().describe("Nothing has to be given before its first answer."),
  own: z.boolean().describe("Saved or imported here; else it comes with Patchbay."),
});
export type Template = z.infer<typeof Template>;

/** What is still missing. The agent runs without what is `optional`. */
export type TemplateNeed =
  | { kind: "folder"; server: string; optional: false }
  | { kind: "approval"; server: string; card: McpServerCard; optional: false }
  | { kind: "secret"; name: string; optional: true }
  | { kind: "model"; optional: true };

const Need = typed<TemplateNeed>(
  z.object({
    kind: z.enum(["folder", "approval", "secret", "model"]),
    optional: z.boolean(),
    server: z.string().optional(),
    name: z.string().optional(),
    card: z.unknown().optional().describe("What would start: show it, and send its `seen` back."),
  }),
);

export const UsedTemplate = z.object({
  id: z.string(),
  agent: typed<Agent>(),
  needs: z.array(Need),
  /** Tasks that still index samples. */
  tasks: z.array(z.string()),
});
export type UsedTemplate = z.infer<typeof UsedTemplate>;

const FileWords = z.strictObject({ en: z.string().min(1), zh: z.string().min(1) });

/** What a tool template's file says beside its tool (or `tools`, or `openapi` document). */
export const ToolTemplate = z.looseObject({
  id: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/),
  title: FileWords,
  group: z.enum(["language", "media", "world", "examples"]),
  about: FileWords.optional(),
  needs: z
    .strictObject({ secrets: z.array(z.strictObject({ name: z.string(), about: FileWords })).default([]) })
    .optional(),
  /** Arguments to try it with. */
  sample: z.record(z.string(), z.unknown()).optional(),
});
export type ToolTemplate = z.infer<typeof ToolTemplate>;

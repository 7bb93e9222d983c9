/** Templates of agents and tools. */
import { z } from "zod";
import type { Graph } from "../../runtime/graph.ts";
import type { Agent } from "./agent.ts";
import type { McpServerCard } from "./mcp-server.ts";
import { typed } from "./typed.ts";

const Words = z.object({ en: z.string(), zh: z.string() });

export const Template = z.object({
  id: z.string(),
  icon: z.string().describe("Name of a Lucide icon."),
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
  ready: z.boolean().describe("It runs without any setup."),
  own: z.boolean().describe("Saved or imported on this server, not shipped with Patchbay."),
});
export type Template = z.infer<typeof Template>;

/** A missing requirement. The agent runs without `optional` ones. */
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
    card: z.unknown().optional().describe("The server to approve: show it, and send its `seen` back."),
  }),
);

export const UsedTemplate = z.object({
  id: z.string(),
  agent: typed<Agent>(),
  needs: z.array(Need),
  /** Ids of tasks that still index sample documents. */
  tasks: z.array(z.string()),
});
export type UsedTemplate = z.infer<typeof UsedTemplate>;

const FileWords = z.strictObject({ en: z.string().min(1), zh: z.string().min(1) });

/** Metadata in a tool template file, beside its `tool`, `tools` or `openapi` document. */
export const ToolTemplate = z.looseObject({
  id: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/),
  title: FileWords,
  group: z.enum(["language", "media", "world", "work", "examples"]),
  /** What it does, where from, and what it needs, in one or two sentences. */
  about: FileWords,
  needs: z
    .strictObject({ secrets: z.array(z.strictObject({ name: z.string(), about: FileWords })).default([]) })
    .optional(),
  /** Example arguments for a test call. */
  sample: z.record(z.string(), z.unknown()).optional(),
});
export type ToolTemplate = z.infer<typeof ToolTemplate>;

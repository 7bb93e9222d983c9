/** The library's card of a tool. */
import { z } from "zod";
import { Effect, type JsonSchema } from "../../runtime/tool.ts";
import { typed } from "./typed.ts";

export const ToolCard = z.object({
  name: z.string(),
  summary: z.string(),
  parameters: typed<JsonSchema>(z.record(z.string(), z.unknown())),
  effect: Effect,
  repeatable: z.boolean().optional(),
  binding: z.enum(["builtin", "http", "openapi", "mcp", "code", "agent", "model"]),
  needs: z.array(z.string()).optional().describe("What it still needs before it can be called."),
  source: z.string().optional().describe("The API, server or template it came from."),
});
export type ToolCard = z.infer<typeof ToolCard>;

export const ToolImport = z.strictObject({
  openapi: z
    .unknown()
    .optional()
    .describe("An OpenAPI 3.0, 3.1 or Swagger 2 document: an object, or its text in JSON or YAML."),
  template: z
    .unknown()
    .optional()
    .describe(
      "The id of a shipped template, or one of ours or of Flowise, a function schema, or the paper's; one or a list.",
    ),
  name: z.string().min(1).max(100).optional().describe("Names the API; made from its title when absent."),
  server: z
    .string()
    .max(2000)
    .optional()
    .describe("Where the API is, when the document does not say or says something else."),
});
export type ToolImport = z.infer<typeof ToolImport>;

export const ToolImportReport = z.object({
  tools: z.array(ToolCard),
  report: z.array(
    z.object({
      operation: z.string(),
      result: z.enum(["imported", "simplified", "left-out"]),
      reason: z.string().optional(),
    }),
  ),
});
export type ToolImportReport = z.infer<typeof ToolImportReport>;

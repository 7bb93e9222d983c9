/** Tools in the library, and the import of tools. */
import { z } from "zod";
import { Effect, type JsonSchema } from "../../runtime/tool.ts";
import { ToolHints } from "./mcp-server.ts";
import { typed } from "./typed.ts";

export const ToolCard = z.object({
  name: z.string(),
  summary: z.string(),
  parameters: typed<JsonSchema>(z.record(z.string(), z.unknown())),
  effect: Effect,
  repeatable: z.boolean().optional(),
  binding: z.enum(["builtin", "http", "openapi", "mcp", "code", "agent", "model"]),
  needs: z.array(z.string()).optional().describe("Missing requirements, such as a secret."),
  source: z.string().optional().describe("The API, MCP server or template that the tool comes from."),
  hints: ToolHints.optional().describe("What the MCP server says about the tool."),
});
export type ToolCard = z.infer<typeof ToolCard>;

export const ToolImport = z.strictObject({
  openapi: z
    .unknown()
    .optional()
    .describe("An OpenAPI 3.0, 3.1 or Swagger 2 document, as an object or as JSON or YAML text."),
  template: z
    .unknown()
    .optional()
    .describe(
      "The id of a shipped template, or a tool in a supported format (Patchbay, Flowise, function schema, ModelScope-Agent), or a list of these.",
    ),
  name: z.string().min(1).max(100).optional().describe("Name of the API. Default: derived from its title."),
  server: z
    .string()
    .max(2000)
    .optional()
    .describe(
      "Base URL of the API. Overrides the one in the document; a relative one in the document is resolved against it.",
    ),
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

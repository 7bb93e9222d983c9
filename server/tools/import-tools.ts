/** Imports tools from OpenAPI documents, our templates, Flowise's templates and function schemas. */
import { PatchbayError } from "../../runtime/error.ts";
import type { ToolImport } from "../contract/tool.ts";
import { importAside } from "./openapi/import-in-worker.ts";
import { isTemplateId, readToolTemplate } from "./shipped-templates.ts";
import type { ImportedTools } from "./stored-tool.ts";
import { importTemplate } from "./templates.ts";

/** Throws `bad_request` when the source cannot be read at all. A template may be the id of a shipped one. */
export async function importTools(source: ToolImport): Promise<ImportedTools> {
  const { openapi, template } = source;
  if ((openapi === undefined) === (template === undefined))
    throw new PatchbayError("bad_request", 'Send either "openapi" or "template".');
  if (openapi !== undefined) return importAside(source);
  if (template !== null && typeof template === "object" && "mcpServers" in template)
    throw new PatchbayError(
      "bad_request",
      "These are MCP servers, not tools. Add them under MCP servers, or send them to POST /api/mcp-servers.",
      { path: "/template" },
    );
  return importTemplate(isTemplateId(template) ? await readToolTemplate(template) : template);
}

/** Tools from elsewhere: OpenAPI documents, our templates, Flowise's, and bare function schemas. */
import { PatchbayError } from "../../runtime/error.ts";
import type { ToolImport } from "../contract/tool.ts";
import { importAside } from "./openapi/import-in-worker.ts";
import { isTemplateId, readToolTemplate } from "./shipped-templates.ts";
import type { ImportedTools } from "./stored-tool.ts";
import { importTemplate } from "./templates.ts";

/**
 * Throws `bad_request` where the source as a whole is nothing that can be read. A template may be given by the id of one
 * that is shipped.
 */
export async function importTools(source: ToolImport): Promise<ImportedTools> {
  const { openapi, template } = source;
  if ((openapi === undefined) === (template === undefined))
    throw new PatchbayError("bad_request", 'Send either "openapi" or "template".');
  if (openapi !== undefined) return importAside(source);
  return importTemplate(isTemplateId(template) ? await readToolTemplate(template) : template);
}

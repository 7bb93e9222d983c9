/** Tools from elsewhere: OpenAPI documents, our templates, Flowise's, and bare function schemas. */
import { PatchbayError } from "../../runtime/error.ts";
import type { ToolImport, ToolImportReport } from "../services.ts";
import { importOpenApi } from "./openapi/import.ts";
import type { StoredTool } from "./stored-tool.ts";
import { importTemplate } from "./templates.ts";

/** `replaces`: the names under which earlier tools of the same source stand and go, as `openapi/<api>/*`. */
export interface Imported {
  tools: StoredTool[];
  report: ToolImportReport["report"];
  replaces?: string;
}

/** Throws `bad_request` where the source as a whole is nothing that can be read. */
export function importTools(source: ToolImport): Imported {
  if ((source.openapi === undefined) === (source.template === undefined))
    throw new PatchbayError("bad_request", 'Send either "openapi" or "template".');
  if (source.template !== undefined) return importTemplate(source.template);
  const { api, ...imported } = importOpenApi(source);
  return { ...imported, replaces: `openapi/${api}/*` };
}

/** Converts the form of a custom tool to a tool. */
import type { Effect, JsonSchema } from "../../../runtime/tool.ts";
import type { CustomTool } from "../../../server/contract/custom-tool.ts";
import { isMcpServers, parsePasted } from "./mcp-draft.ts";

type HttpMethod = NonNullable<CustomTool["http"]>["method"];

export interface ToolDraft {
  kind: "http" | "code";
  name: string;
  summary: string;
  effect: Effect;
  parameters: string;
  method: HttpMethod;
  url: string;
  headers: string;
  body: string;
  source: string;
  timeoutMs: string;
}

export const emptyDraft = (kind: ToolDraft["kind"]): ToolDraft => ({
  kind,
  name: "",
  summary: "",
  effect: kind === "http" ? "outside" : "read",
  parameters: "",
  method: "GET",
  url: "https://",
  headers: "",
  body: "",
  source: "return { length: input.text.length };",
  timeoutMs: "2000",
});

export type DraftFaults = Partial<Record<"name" | "summary" | "url", true>> & { headers?: { line: number } };

export function faultsOf(draft: ToolDraft): DraftFaults {
  const faults: DraftFaults = {};
  if (!/^[a-z][a-z0-9_-]{0,63}$/.test(draft.name)) faults.name = true;
  if (draft.summary.trim().length < 4) faults.summary = true;
  if (draft.kind === "http") {
    if (!/^https?:\/\/[^\s/{]+/.test(draft.url)) faults.url = true;
    const line = draft.headers.split("\n").findIndex((text) => text.trim() !== "" && !/^[\w-]+\s*:/.test(text.trim()));
    if (line >= 0) faults.headers = { line: line + 1 };
  }
  return faults;
}

/** `city: Where` and `days?: How many` as an object schema of strings. */
export function parametersOf(text: string): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  for (const line of text.split("\n")) {
    const match = /^\s*([A-Za-z_][\w-]*)(\?)?\s*(?:[:：]\s*(.*))?$/.exec(line);
    if (!match) continue;
    const [, name, optional, description] = match;
    properties[name!] = { type: "string", ...(description?.trim() && { description: description.trim() }) };
    if (!optional) required.push(name!);
  }
  return { type: "object", properties, ...(required.length > 0 && { required }), additionalProperties: false };
}

/** `Name: value` lines. `{{secret:NAME}}` at the end of a value names a secret; the text before it is its prefix. */
export function headersOf(text: string): NonNullable<CustomTool["http"]>["headers"] {
  const headers: NonNullable<CustomTool["http"]>["headers"] = {};
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    if (colon < 1) continue;
    const name = line.slice(0, colon).trim();
    const value = line.slice(colon + 1).trim();
    const secret = /^(.*?)\{\{\s*secret:\s*([A-Za-z][\w.-]*)\s*\}\}$/.exec(value);
    headers[name] = secret ? { secret: secret[2]!, ...(secret[1] && { prefix: secret[1] }) } : value;
  }
  return headers;
}

export function toolOf(draft: ToolDraft): CustomTool {
  const common = {
    name: `${draft.kind}/${draft.name}`,
    summary: draft.summary.trim(),
    effect: draft.effect,
    parameters: parametersOf(draft.parameters),
  };
  if (draft.kind === "code")
    return { ...common, code: { source: draft.source, timeoutMs: Number(draft.timeoutMs) || 2000 } };
  return {
    ...common,
    http: {
      method: draft.method,
      url: draft.url.trim(),
      headers: headersOf(draft.headers),
      ...(draft.body.trim() && draft.method !== "GET" && { body: draft.body }),
    },
  };
}

/**
 * Detects pasted text: an OpenAPI or Swagger document by its first key, MCP servers by their form, otherwise a template.
 * Text that is not JSON stays text (the server reads YAML).
 */
export function importOf(text: string): { openapi: string } | { mcp: object } | { template: unknown } {
  const head = text.slice(0, 20_000);
  if (/(^|[\n{,]\s*)["']?(openapi|swagger)["']?\s*:/.test(head)) return { openapi: text };
  try {
    const value = parsePasted(text);
    if (isMcpServers(value)) return { mcp: value };
  } catch {
    // not an object in JSON
  }
  try {
    return { template: JSON.parse(text) };
  } catch {
    return { template: text };
  }
}

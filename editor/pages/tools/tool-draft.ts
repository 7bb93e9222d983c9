/** Converts the form of a custom tool to a tool. */
import type { Effect, JsonSchema } from "../../../runtime/tool.ts";
import type { CustomTool, HeaderValue } from "../../../server/contract/custom-tool.ts";
import { isMcpServers, parsePasted } from "./mcp-draft.ts";

type HttpMethod = NonNullable<CustomTool["http"]>["method"];

export interface ToolDraft {
  kind: "http" | "code";
  name: string;
  summary: string;
  effect: Effect;
  parameters: JsonSchema;
  method: HttpMethod;
  url: string;
  headers: string;
  body: string;
  source: string;
  timeoutMs: string;
  /** The tool that is edited. What the form does not show stays as it is. */
  stored?: CustomTool;
}

export const emptyDraft = (kind: ToolDraft["kind"]): ToolDraft => ({
  kind,
  name: "",
  summary: "",
  effect: kind === "http" ? "outside" : "read",
  parameters: { type: "object", properties: {}, additionalProperties: false },
  method: "GET",
  url: "https://",
  headers: "",
  body: "",
  source: "return { length: input.text.length };",
  timeoutMs: "2000",
});

/** The form of a stored tool. Undefined for one that is neither an HTTP request nor code. */
export function draftOf(tool: CustomTool): ToolDraft | undefined {
  const { http, code } = tool;
  if (!http && !code) return undefined;
  const kind = http ? "http" : "code";
  return {
    ...emptyDraft(kind),
    name: tool.name.slice(kind.length + 1),
    summary: tool.summary,
    effect: tool.effect,
    parameters: tool.parameters,
    stored: tool,
    ...(http && {
      method: http.method,
      url: http.url,
      headers: Object.entries(http.headers)
        .map(([name, value]) => `${name}: ${headerText(value)}`)
        .join("\n"),
      body: http.body ?? "",
    }),
    ...(code && { source: code.source, timeoutMs: String(code.timeoutMs) }),
  };
}

function headerText(value: HeaderValue): string {
  return typeof value === "string" ? value : `${value.prefix ?? ""}{{secret:${value.secret}}}`;
}

export type DraftFaults = Partial<Record<"name" | "summary" | "url", true>> & { headers?: { line: number } };

export function faultsOf(draft: ToolDraft): DraftFaults {
  const faults: DraftFaults = {};
  if (!draft.stored && !/^[a-z][a-z0-9_-]{0,63}$/.test(draft.name)) faults.name = true;
  if (draft.summary.trim().length < 4) faults.summary = true;
  if (draft.kind === "http") {
    if (!/^https?:\/\/[^\s/{]+/.test(draft.url)) faults.url = true;
    const line = draft.headers.split("\n").findIndex((text) => text.trim() !== "" && !/^[\w-]+\s*:/.test(text.trim()));
    if (line >= 0) faults.headers = { line: line + 1 };
  }
  return faults;
}

/**
 * `Name: value` lines. `{{secret:NAME}}` at the end of a value names a secret; the text before it is its prefix.
 * A line that is as `before` has it keeps that value, also what a line cannot say.
 */
export function headersOf(
  text: string,
  before: Record<string, HeaderValue> = {},
): NonNullable<CustomTool["http"]>["headers"] {
  const headers: NonNullable<CustomTool["http"]>["headers"] = {};
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    if (colon < 1) continue;
    const name = line.slice(0, colon).trim();
    const value = line.slice(colon + 1).trim();
    const known = before[name];
    if (known !== undefined && headerText(known) === value) {
      headers[name] = known;
      continue;
    }
    const secret = /^(.*?)\{\{\s*secret:\s*([A-Za-z][\w.-]*)\s*\}\}$/.exec(value);
    headers[name] = secret ? { secret: secret[2]!, ...(secret[1] && { prefix: secret[1] }) } : value;
  }
  return headers;
}

export function toolOf(draft: ToolDraft): CustomTool {
  const { stored } = draft;
  const common = {
    name: stored?.name ?? `${draft.kind}/${draft.name}`,
    summary: draft.summary.trim(),
    effect: draft.effect,
    parameters: draft.parameters,
  };
  if (draft.kind === "code")
    return { ...common, code: { source: draft.source, timeoutMs: Number(draft.timeoutMs) || 2000 } };
  const { body: _body, ...kept } = stored?.http ?? { headers: {} };
  return {
    ...common,
    http: {
      ...kept,
      method: draft.method,
      url: draft.url.trim(),
      headers: headersOf(draft.headers, kept.headers),
      ...(draft.body.trim() && draft.method !== "GET" && draft.method !== "HEAD" && { body: draft.body }),
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

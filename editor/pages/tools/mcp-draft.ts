/** MCP servers as people write them: form fields or pasted JSON, converted to the request body and back. */
import { type ParseError, parse } from "jsonc-parser";
import type { McpLimits, McpServerCard } from "../../../server/contract/mcp-server.ts";

export interface McpDraft {
  kind: "command" | "url";
  name: string;
  program: string;
  args: string;
  env: string;
  cwd: string;
  url: string;
  headers: string;
  /** In seconds; empty for the default. */
  start: string;
  call: string;
  callTotal: string;
}

export const emptyMcpDraft: McpDraft = {
  kind: "command",
  name: "",
  program: "npx",
  args: "",
  env: "",
  cwd: "",
  url: "https://",
  headers: "",
  start: "",
  call: "",
  callTotal: "",
};

/** The form fields of a server that exists. The value of a secret is `{{secret:NAME}}`. */
export function draftOf(server: McpServerCard): McpDraft {
  const [program = "", ...args] = server.argv ?? [];
  const seconds = (ms: number) => String(ms / 1000);
  return {
    kind: server.transport === "stdio" ? "command" : "url",
    name: server.name,
    program,
    args: args.join("\n"),
    env: (server.env ?? []).map(({ name, value, secret }) => `${name}=${value ?? reference(secret!)}`).join("\n"),
    cwd: server.ownFolder ? "" : (server.cwd ?? ""),
    url: server.url ?? "",
    headers: Object.entries(server.headerSecrets ?? {})
      .map(([name, secret]) => `${name}: ${reference(secret)}`)
      .join("\n"),
    start: seconds(server.limits.startMs),
    call: seconds(server.limits.callMs),
    callTotal: seconds(server.limits.callTotalMs),
  };
}

const reference = (secret: string) => `{{secret:${secret}}}`;

export type McpFaults = Partial<Record<"name" | "program" | "url" | "start" | "call" | "callTotal", true>> & {
  env?: { line: number };
  headers?: { line: number };
};

const NAME = /^[a-z][a-z0-9-]{0,31}$/;
/** As in `McpLimits`, in seconds. */
const MAX_SECONDS = { start: 600, call: 3_600, callTotal: 86_400 } as const;
const LIMITS = ["start", "call", "callTotal"] as const;

export function mcpFaults(draft: McpDraft): McpFaults {
  const faults: McpFaults = {};
  if (!NAME.test(draft.name)) faults.name = true;
  if (draft.kind === "command") {
    if (!draft.program.trim()) faults.program = true;
    const line = badLine(draft.env, /^[A-Za-z_]\w*=/);
    if (line) faults.env = { line };
  } else {
    if (!/^https?:\/\/\S+$/.test(draft.url)) faults.url = true;
    const line = badLine(draft.headers, /^[\w-]+\s*:/);
    if (line) faults.headers = { line };
  }
  for (const limit of LIMITS) {
    const text = draft[limit].trim();
    if (text !== "" && !(Number(text) >= 1 && Number(text) <= MAX_SECONDS[limit])) faults[limit] = true;
  }
  if (draft.callTotal.trim() !== "" && Number(draft.callTotal) < Number(draft.call)) faults.callTotal = true;
  return faults;
}

/** The number (from 1) of the first line that is not empty and does not match; 0 if all match. */
function badLine(text: string, form: RegExp): number {
  return text.split("\n").findIndex((line) => line.trim() !== "" && !form.test(line.trim())) + 1;
}

export function mcpBody(draft: McpDraft): Record<string, unknown> {
  const limits = limitsOf(draft);
  if (draft.kind === "url") {
    const headers = pairs(draft.headers, ":");
    return {
      name: draft.name,
      url: draft.url.trim(),
      ...(Object.keys(headers).length > 0 && { headers }),
      ...(limits && { limits }),
    };
  }
  const env = pairs(draft.env, "=");
  return {
    name: draft.name,
    command: draft.program.trim(),
    // Each line is one argument, spaces included.
    args: draft.args.split("\n").filter((line) => line !== ""),
    ...(Object.keys(env).length > 0 && { env }),
    ...(draft.cwd.trim() && { cwd: draft.cwd.trim() }),
    ...(limits && { limits }),
  };
}

/** The body that changes a server to a draft: a setting that the draft lacks is removed. The name stays. */
export function mcpChange(draft: McpDraft): Record<string, unknown> {
  const { name: _, ...body } = mcpBody(draft);
  return draft.kind === "url"
    ? { headers: null, limits: null, ...body }
    : { env: null, cwd: null, limits: null, ...body };
}

function limitsOf(draft: McpDraft): Partial<McpLimits> | undefined {
  const limits: Partial<McpLimits> = {};
  for (const limit of LIMITS)
    if (draft[limit].trim() !== "") limits[`${limit}Ms`] = Math.round(Number(draft[limit]) * 1000);
  return Object.keys(limits).length > 0 ? limits : undefined;
}

function pairs(text: string, mark: "=" | ":"): Record<string, string | { secret: string }> {
  const result: Record<string, string | { secret: string }> = {};
  for (const line of text.split("\n")) {
    const at = line.indexOf(mark);
    if (at < 1) continue;
    const value = line.slice(at + 1).trim();
    const secret = /^\{\{\s*secret:\s*([A-Za-z][\w.-]*)\s*\}\}$/.exec(value)?.[1];
    result[line.slice(0, at).trim()] = secret === undefined ? value : { secret };
  }
  return result;
}

/** Parses pasted JSON. Accepts code fences, comments, trailing commas and members without the outer braces. Throws `SyntaxError`. */
export function parsePasted(text: string): object {
  const unfenced = text
    .trim()
    .replace(/^```\w*\s*/, "")
    .replace(/\s*```$/, "")
    .replace(/,\s*$/, "");
  const value = parseJson(/^"[^"]+"\s*:/.test(unfenced) ? wrapped(unfenced) : unfenced);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new SyntaxError("it is not an object");
  return value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const errors: ParseError[] = [];
    const value: unknown = parse(text, errors, { allowTrailingComma: true });
    if (errors.length > 0) throw error;
    return value;
  }
}

/** `"mcpServers": {…}` gets the outer braces; `"files": { "command": … }` is a single server and gets both. */
function wrapped(member: string): string {
  if (/^"(?:command|url|serverUrl|args|env|type)"/.test(member)) return `{${member}}`;
  return /^"(?:mcpServers|servers|mcp|context_servers)"/.test(member) ? `{${member}}` : `{"mcpServers":{${member}}}`;
}

/** Whether a value is a list of MCP servers in one of its usual forms, or a single server. */
export function isMcpServers(value: unknown): value is object {
  if (!isObject(value)) return false;
  const listed = value.mcpServers ?? value.context_servers ?? value.servers ?? value.mcp;
  if (listed !== undefined) return isObject(listed) && (value.mcpServers !== undefined || isMcpServers(listed));
  return isServer(value) || (Object.keys(value).length > 0 && Object.values(value).every(isServer));
}

function isServer(value: unknown): boolean {
  if (!isObject(value)) return false;
  // A tool of another format may have a "url" too, but then it has a name and a description or a schema of arguments.
  if (value.description !== undefined || value.parameters !== undefined || value.http !== undefined) return false;
  return typeof value.command === "string" || typeof (value.url ?? value.serverUrl) === "string";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

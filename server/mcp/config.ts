/** Parses MCP servers as people write or paste them into checked settings, and takes the secrets out of them. */
import { isAbsolute } from "node:path";
import { z } from "zod";
import { PatchbayError } from "../../runtime/error.ts";
import { Effect } from "../../runtime/tool.ts";
import { McpLimits } from "../contract/mcp-server.ts";
import { isPlaceholder, isRefusedVariable, isSecretValue } from "./environment.ts";
import type { McpServerConfig } from "./service.ts";

export const SERVER_NAME = /^[a-z][a-z0-9-]{0,31}$/;
const MAX_SERVERS = 50;
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

const Value = z.union([
  z.string().max(32_000),
  z.number().transform(String),
  z.boolean().transform(String),
  z.strictObject({ secret: z.string().min(1).max(128) }),
]);
type Value = z.infer<typeof Value>;

/** One server as our own routes, Claude, Cursor and VS Code write it. Keys for their own editors are ignored. */
const Entry = z.looseObject({
  name: z.string().max(100).optional(),
  type: z.string().optional(),
  transport: z.string().optional(),
  url: z.string().max(4000).optional(),
  serverUrl: z.string().max(4000).optional(),
  headers: z.record(z.string().max(200), Value).optional(),
  command: z.string().min(1).max(4000).optional(),
  args: z
    .array(z.union([z.string().max(8000), z.number().transform(String)]))
    .max(200)
    .optional(),
  env: z.record(z.string().max(200), Value).optional(),
  cwd: z.string().max(4000).optional(),
  effects: z.record(z.string().max(200), Effect).optional(),
  oauth: z.strictObject({ clientId: z.string().min(1).max(1000), clientSecret: Value.optional() }).optional(),
  limits: McpLimits.partial().optional(),
});

/** Settings as they are stored, with the effects that the operator or a template gave to tools. */
export interface McpSettings extends McpServerConfig {
  /** By tool name; `*` for the rest. A tool that is not named is `outside`. */
  effects?: Record<string, Effect>;
  /** The admin accepted the server's own hints: a tool that it calls read-only has the effect `read`. */
  acceptHints?: boolean;
  /** An app registered by hand with the authorization server, where ours is not registered automatically. */
  oauth?: { clientId: string; clientSecret?: { secret: string } };
}

export interface ParsedServer {
  settings: McpSettings;
  /** New secrets by name, taken out of headers and environment. */
  secrets: Map<string, string>;
}

/**
 * Parses one server, a list of them by name, or one of the forms in which other programs write such a list. Throws
 * `bad_request` with the server, the path and the fix.
 */
export function parseServers(body: unknown): ParsedServer[] {
  if (!isObject(body)) throw wrong("", "Send one server or { mcpServers: {…} }.");
  const list = listOf(body);
  if (list === undefined) return [parseServer(body.name ?? suggestName(body), body)];
  if (!isObject(list)) throw wrong("", '"mcpServers" must be an object by name.');
  const entries = Object.entries(list);
  if (!entries.length) throw wrong("", '"mcpServers" is empty.');
  if (entries.length > MAX_SERVERS) throw wrong("", `At most ${MAX_SERVERS} servers can be added at once.`);
  const parsed = entries.map(([name, entry]) => parseServer(name, entry));
  const names = new Set(parsed.map((each) => each.settings.name));
  if (names.size < parsed.length) throw wrong("", "Two of the servers have the same name.");
  return parsed;
}

/** The list by name in a pasted file: under the key that the program uses, or the object itself. Undefined for a single server. */
function listOf(body: Record<string, unknown>): unknown {
  for (const key of ["mcpServers", "servers", "context_servers"]) if (body[key] !== undefined) return body[key];
  if (isObject(body.mcp)) return isObject(body.mcp.servers) ? body.mcp.servers : body.mcp;
  if (isServer(body)) return undefined;
  const members = Object.values(body);
  return members.length > 0 && members.every(isServer) ? body : undefined;
}

function isServer(value: unknown): boolean {
  return isObject(value) && ["command", "url", "serverUrl"].some((key) => typeof value[key] === "string");
}

/** A name for a server that was pasted without one: of its package, its program or its host. */
function suggestName({ command, args, url, serverUrl }: Record<string, unknown>): string | undefined {
  const address = url ?? serverUrl;
  if (typeof address === "string" && URL.canParse(address))
    return new URL(address).hostname.replace(/^(?:www|mcp|api)\./, "").split(".")[0];
  if (typeof command !== "string") return undefined;
  const words = [command, ...(Array.isArray(args) ? args : [])].filter((word) => typeof word === "string");
  const runner = /^(?:npx|bunx|uvx|pipx|pnpm|pnpx|yarn|uv|deno|docker|podman|node|python3?|bun|cmd)(?:\.cmd|\.exe)?$/;
  const named = words
    .filter((word) => !/^[-/][a-z-]*$/i.test(word) && !/^(?:run|exec|dlx|tool|x|--)$/.test(word))
    .map((word) => word.replace(/[@=]+[\w.^~-]*$/, (version) => (version.startsWith("@") ? "" : version)))
    .find((word) => word !== "" && !runner.test(word.split(/[\\/]/).at(-1)!));
  const last = (named ?? command)
    .split(/[\\/]/)
    .at(-1)!
    .replace(/\.\w+$/, "");
  return last.replace(/^(?:mcp-server-|server-|mcp-)/, "").replace(/(?:-mcp-server|-mcp|-server)$/, "");
}

/** One server; `name` is made to fit (`My Server` → `my-server`). */
export function parseServer(name: unknown, input: unknown): ParsedServer {
  if (typeof name !== "string" || !name.trim()) throw wrong("", 'The server has no "name".');
  const fitted = fitName(name);
  if (!SERVER_NAME.test(fitted)) throw wrong(name, "A name begins with a letter and has up to 32 of a-z, 0-9 and -.");
  const parsed = Entry.safeParse(input);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw wrong(name, `${issue.path.join(".") || "It"}: ${issue.message}.`);
  }
  const entry = parsed.data;
  const kind = (entry.type ?? entry.transport ?? "").toLowerCase();
  const url = entry.url ?? entry.serverUrl;
  if (kind === "sse")
    throw wrong(name, "The old SSE transport is not supported; use the server's Streamable HTTP address.");
  if (url && entry.command) throw wrong(name, 'It has both "url" and "command"; give one.');
  const { limits } = entry;
  if (limits?.callMs !== undefined && limits.callTotalMs !== undefined && limits.callTotalMs < limits.callMs)
    throw wrong(name, '"limits.callTotalMs" is less than "limits.callMs".');
  const secrets = new Map<string, string>();
  const settings: McpSettings = {
    name: fitted,
    ...(entry.effects && { effects: entry.effects }),
    ...(limits && Object.keys(limits).length > 0 && { limits }),
    ...(url ? addressSettings(name, fitted, url, entry, secrets) : commandSettings(name, fitted, entry, secrets)),
  };
  return { settings, secrets };
}

function addressSettings(
  name: string,
  server: string,
  url: string,
  entry: z.infer<typeof Entry>,
  secrets: Map<string, string>,
): Partial<McpSettings> {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url))
    throw wrong(name, `"${url.slice(0, 100)}" is not an http(s) address.`);
  const parsedUrl = new URL(url);
  if (parsedUrl.username || parsedUrl.password)
    throw wrong(name, "The address must not contain a user name or password; send a header.");
  if (entry.env || entry.args || entry.cwd)
    throw wrong(name, '"args", "env" and "cwd" belong to a "command", not to a "url".');
  parsedUrl.hash = "";
  const headers: Record<string, { secret: string }> = {};
  for (const [header, value] of Object.entries(entry.headers ?? {})) {
    if (!HEADER_NAME.test(header)) throw wrong(name, `"${header}" is not a header name.`);
    if (value !== "") headers[header] = takeSecret(server, header, value, secrets);
  }
  const { oauth } = entry;
  const settings: Partial<McpSettings> = { url: parsedUrl.href, headers };
  if (oauth) {
    const { clientId, clientSecret = "" } = oauth;
    settings.oauth = {
      clientId,
      ...(clientSecret !== "" && { clientSecret: takeSecret(server, "clientSecret", clientSecret, secrets) }),
    };
  }
  return settings;
}

function commandSettings(
  name: string,
  server: string,
  entry: z.infer<typeof Entry>,
  secrets: Map<string, string>,
): Partial<McpSettings> {
  const { command, args = [], cwd } = entry;
  if (entry.oauth) throw wrong(name, '"oauth" belongs to a "url", not to a "command".');
  if (!command) throw wrong(name, 'It needs a "url" or a "command".');
  if (entry.headers) throw wrong(name, '"headers" belong to a "url", not to a "command".');
  if ([command, ...args].some((part) => part.includes("\0")))
    throw wrong(name, "The command contains a NUL character.");
  const env: Record<string, string | { secret: string }> = {};
  for (const [variable, value] of Object.entries(entry.env ?? {})) {
    if (!VARIABLE_NAME.test(variable)) throw wrong(name, `"${variable}" is not a name of an environment variable.`);
    if (isRefusedVariable(variable))
      throw wrong(
        name,
        `The variable ${variable} is refused: it can make the command run other code than what is approved.`,
      );
    if (value === "") continue;
    if (typeof value === "string" && value.includes("\0"))
      throw wrong(name, `The value of ${variable} contains a NUL character.`);
    const isSecret = typeof value !== "string" || isSecretValue(variable, value) || value.startsWith("${");
    env[variable] = isSecret ? takeSecret(server, variable, value, secrets) : value;
  }
  if (cwd !== undefined && !isAbsolute(cwd)) throw wrong(name, '"cwd" must be an absolute path.');
  return { command, args, env, ...(cwd !== undefined && { cwd }) };
}

function fitName(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^[^a-z]+|-+$/g, "")
    .slice(0, 32)
    .replace(/-+$/, "");
}

/**
 * A value becomes a secret named after server and key; a `{ secret }` stays a reference. A placeholder becomes a
 * reference to a secret that is still missing.
 */
function takeSecret(server: string, key: string, value: Value, secrets: Map<string, string>): { secret: string } {
  if (typeof value !== "string") return value;
  const secret = `mcp.${server}.${key.replaceAll(/[^A-Za-z0-9_-]/g, "_")}`;
  if (!isPlaceholder(value)) secrets.set(secret, value);
  return { secret };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function wrong(name: string, why: string): PatchbayError {
  return new PatchbayError("bad_request", name ? `The MCP server "${name.slice(0, 60)}" cannot be added. ${why}` : why);
}

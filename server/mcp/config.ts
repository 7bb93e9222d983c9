/** What a person or a pasted file says about MCP servers, as checked settings and the secrets taken out of them. */
import { isAbsolute } from "node:path";
import { z } from "zod";
import { PatchbayError } from "../../runtime/error.ts";
import { Effect } from "../../runtime/tool.ts";
import type { McpServerConfig } from "./service.ts";

export const SERVER_NAME = /^[a-z][a-z0-9-]{0,31}$/;
const MAX_SERVERS = 50;

const Value = z.union([
  z.string().max(32_000),
  z.number().transform(String),
  z.boolean().transform(String),
  z.strictObject({ secret: z.string().min(1).max(128) }),
]);

/** One server as our own routes, Claude, Cursor and VS Code write it. Keys that steer only their editors are passed over. */
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
});

/** Settings as they are kept, with the effects that the operator (or a template of theirs) gave to tools. */
export interface McpSettings extends McpServerConfig {
  /** By tool name; `*` for the rest. What is not named is `outside`. */
  effects?: Record<string, Effect>;
  /** An app registered by hand at the server's sign-in, where it does not register ours by itself. */
  oauth?: { clientId: string; clientSecret?: { secret: string } };
}

export interface ParsedServer {
  settings: McpSettings;
  /** New secrets by name, taken out of headers and env. */
  secrets: Map<string, string>;
}

/**
 * Variables by which a loader, a shell or a package manager runs code of their own: their values are secrets and so
 * never seen at approval, which is why none is accepted.
 */
const LOADER =
  /^(?:NODE_OPTIONS|NODE_PATH|NODE_REPL_EXTERNAL_MODULE|LD_.*|DYLD_.*|PATH|PATHEXT|COMSPEC|SHELL|BASH_ENV|ENV|BASHOPTS|SHELLOPTS|PS4|IFS|PROMPT_COMMAND|ZDOTDIR|PYTHON(?:PATH|HOME|STARTUP|USERBASE|INSPECT|BREAKPOINT|WARNINGS)|PERL5(?:LIB|OPT|DB)|PERLLIB|RUBY(?:OPT|LIB)|GEM_(?:HOME|PATH)|LUA_INIT.*|LUA_C?PATH.*|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS|CLASSPATH|DOTNET_STARTUP_HOOKS|COR_PROFILER.*|CORECLR_PROFILER.*|NPM_CONFIG_.*|YARN_.*|PNPM_.*|BUN_.*|DENO_.*|UV_.*|PIP_.*|GIT_.*|SSH_ASKPASS|EDITOR|VISUAL|PAGER|BROWSER|GCONV_PATH|LOCPATH|MALLOC_.*|GLIBC_TUNABLES)$/;

export function isLoaderVariable(name: string): boolean {
  return LOADER.test(name.toUpperCase());
}

/**
 * Parses one server or `{ mcpServers: {…} }` (VS Code's `servers` too). Throws `bad_request` with the server, the path
 * and the fix; then nothing was changed.
 */
export function parseServers(body: unknown): ParsedServer[] {
  if (body === null || typeof body !== "object" || Array.isArray(body))
    throw wrong("", "Send one server or { mcpServers: {…} }.");
  const many = (body as Record<string, unknown>).mcpServers ?? (body as Record<string, unknown>).servers;
  if (many === undefined) return [parseServer((body as { name?: unknown }).name, body)];
  if (many === null || typeof many !== "object" || Array.isArray(many))
    throw wrong("", '"mcpServers" must be an object by name.');
  const entries = Object.entries(many);
  if (!entries.length) throw wrong("", '"mcpServers" is empty.');
  if (entries.length > MAX_SERVERS) throw wrong("", `At most ${MAX_SERVERS} servers can be added at once.`);
  const parsed = entries.map(([name, entry]) => parseServer(name, entry));
  const names = new Set(parsed.map((each) => each.settings.name));
  if (names.size < parsed.length) throw wrong("", "Two of the servers have the same name.");
  return parsed;
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
  const secrets = new Map<string, string>();
  const settings: McpSettings = { name: fitted };
  if (entry.effects) settings.effects = entry.effects;
  if (url) {
    if (!/^https?:\/\//i.test(url) || !URL.canParse(url))
      throw wrong(name, `"${url.slice(0, 100)}" is not an http(s) address.`);
    const parsedUrl = new URL(url);
    if (parsedUrl.username || parsedUrl.password)
      throw wrong(name, "The address must not carry a user name or password; send a header.");
    if (entry.env || entry.args || entry.cwd)
      throw wrong(name, '"args", "env" and "cwd" belong to a "command", not to a "url".');
    parsedUrl.hash = "";
    settings.url = parsedUrl.href;
    settings.headers = takeSecrets(fitted, entry.headers ?? {}, secrets, (header) => {
      if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(header)) throw wrong(name, `"${header}" is not a header name.`);
    });
    if (entry.oauth) {
      const { clientSecret } = takeSecrets(
        fitted,
        entry.oauth.clientSecret === undefined ? {} : { clientSecret: entry.oauth.clientSecret },
        secrets,
        () => undefined,
      );
      settings.oauth = { clientId: entry.oauth.clientId, ...(clientSecret && { clientSecret }) };
    }
    return { settings, secrets };
  }
  if (entry.oauth) throw wrong(name, '"oauth" belongs to a "url", not to a "command".');
  if (!entry.command) throw wrong(name, 'It needs a "url" or a "command".');
  if (entry.headers) throw wrong(name, '"headers" belong to a "url", not to a "command".');
  if ([entry.command, ...(entry.args ?? [])].some((part) => part.includes("\0")))
    throw wrong(name, "The command holds a NUL character.");
  settings.command = entry.command;
  settings.args = entry.args ?? [];
  settings.env = takeSecrets(fitted, entry.env ?? {}, secrets, (variable) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(variable))
      throw wrong(name, `"${variable}" is not a name for an environment variable.`);
    if (isLoaderVariable(variable))
      throw wrong(
        name,
        `The variable ${variable} is refused: it can make the command run other code than what is approved.`,
      );
  });
  if (entry.cwd !== undefined) {
    if (!isAbsolute(entry.cwd)) throw wrong(name, '"cwd" must be an absolute path.');
    settings.cwd = entry.cwd;
  }
  return { settings, secrets };
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

/** Values become secrets named after server and key; a `{ secret }` stays the reference that it is. An empty value is left out. */
function takeSecrets(
  server: string,
  values: Record<string, string | { secret: string }>,
  secrets: Map<string, string>,
  check: (key: string) => void,
): Record<string, { secret: string }> {
  const result: Record<string, { secret: string }> = {};
  for (const [key, value] of Object.entries(values)) {
    check(key);
    if (typeof value !== "string") result[key] = value;
    else if (value !== "") {
      const secret = `mcp.${server}.${key.replaceAll(/[^A-Za-z0-9_-]/g, "_")}`;
      secrets.set(secret, value);
      result[key] = { secret };
    }
  }
  return result;
}

function wrong(name: string, why: string): PatchbayError {
  return new PatchbayError("bad_request", name ? `The MCP server "${name.slice(0, 60)}" cannot be added. ${why}` : why);
}

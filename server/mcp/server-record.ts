/** The stored record of an MCP server, and the card that shows it. */
import { join } from "node:path";
import type { McpLimits, McpServerCard, McpTool } from "../contract/mcp-server.ts";
import { cutText } from "../tools/clean-text.ts";
import type { McpSettings } from "./config.ts";
import type { ServerInfo } from "./connection.ts";
import { isKnownVariable } from "./environment.ts";
import { effectOf, type PinnedTool, type RejectedTool, sha256, toSpec } from "./tool-list.ts";

export interface Pin {
  serverInfo: ServerInfo;
  tools: PinnedTool[];
  rejected: RejectedTool[];
}

export interface ServerRecord {
  settings: McpSettings;
  /** `launchHash` of the settings that the admin approved. */
  approved?: string;
  pin?: Pin;
  /** The tools that it offers now, if they differ from the pinned ones. */
  review?: Pin & { changes: string[] };
  era?: "legacy" | "modern";
}

/** The state of a server in this process. */
export interface ServerState {
  ready: boolean;
  starting: boolean;
  signIn: boolean;
  message?: string;
}

/**
 * Hash of everything that is approved: the command, the names of its variables with the values that are not secrets, and
 * the folder; or the URL and the names of its headers.
 */
export function launchHash(settings: McpSettings, dataDir: string): string {
  if (settings.url) return sha256({ url: settings.url, headers: Object.keys(settings.headers ?? {}).sort() });
  const env = Object.entries(settings.env ?? {});
  const values = env.filter(([, value]) => typeof value === "string");
  return sha256({
    argv: [settings.command, ...(settings.args ?? [])],
    env: env.map(([name]) => name).sort(),
    // Absent when there are none: approvals of older versions, in which all values were secrets, stay valid.
    ...(values.length > 0 && { values: Object.fromEntries(values) }),
    cwd: folderOf(settings, dataDir),
  });
}

/** Hash of everything that a person sees before the approval: under review also of the tools that are offered now. */
export function seenHash({ settings, approved, review }: ServerRecord, dataDir: string): string {
  const launch = launchHash(settings, dataDir);
  if (approved !== launch || !review) return launch;
  return sha256([launch, review.serverInfo, review.tools.map((tool) => tool.hash)]);
}

/** The folder that it runs in. Default: a folder of its own. */
export function folderOf(settings: McpSettings, dataDir: string): string {
  return settings.cwd ?? join(dataDir, "mcp", settings.name);
}

/** Variables outside the list of known names. */
export function unknownVariables({ env }: McpSettings): string[] {
  return Object.keys(env ?? {}).filter((name) => !isKnownVariable(name));
}

export interface CardContext {
  dataDir: string;
  /** The limits in effect. */
  limits: McpLimits;
  /** Names of the secrets that are set. */
  secrets: ReadonlySet<string>;
}

export function cardOf(record: ServerRecord, state: ServerState, context: CardContext): McpServerCard {
  const { dataDir, limits, secrets } = context;
  const { settings, pin, review } = record;
  const card: McpServerCard = {
    name: settings.name,
    transport: settings.url ? "http" : "stdio",
    ...(settings.url ? addressPart(settings) : commandPart(settings, dataDir)),
    limits,
    seen: seenHash(record, dataDir),
    status: "stopped",
    tools: pin?.tools.length ?? 0,
  };
  if (pin?.rejected.length) card.rejected = pin.rejected;
  const offered = (review ?? pin)?.tools ?? [];
  const readOnly = offered.filter((tool) => tool.hints?.readOnly).length;
  const destructive = offered.filter((tool) => tool.hints?.destructive).length;
  if (readOnly || destructive) card.hints = { readOnly, destructive, accepted: settings.acceptHints === true };
  const missing = secretsOf(settings).filter((name) => !secrets.has(name));
  if (missing.length) card.missingSecrets = [...new Set(missing)];
  if (record.approved !== launchHash(settings, dataDir)) card.status = "needs-approval";
  else if (review) {
    card.status = "needs-review";
    card.message = `Its tools are no longer those that were approved: ${cutText(review.changes.join(", "), 1000)}.`;
  } else if (state.signIn) card.status = "needs-sign-in";
  else if (state.ready) card.status = "ready";
  else if (state.starting) card.status = "starting";
  else if (state.message) card.status = "failed";
  if (state.message && card.message === undefined && card.status !== "ready") card.message = state.message;
  return card;
}

function addressPart({ url, headers = {} }: McpSettings): Partial<McpServerCard> {
  const secretNames = Object.entries(headers).map(([header, { secret }]) => [header, secret]);
  return { url, headerNames: Object.keys(headers), headerSecrets: Object.fromEntries(secretNames) };
}

function commandPart(settings: McpSettings, dataDir: string): Partial<McpServerCard> {
  const env = Object.entries(settings.env ?? {}).map(([name, value]) => ({
    name,
    ...(typeof value === "string" ? { value } : value),
    ...(!isKnownVariable(name) && { unknown: true as const }),
  }));
  return {
    argv: [settings.command!, ...(settings.args ?? [])],
    envNames: env.map(({ name }) => name),
    env,
    cwd: folderOf(settings, dataDir),
    ownFolder: settings.cwd === undefined,
  };
}

/** Names of all secrets that the settings refer to. */
export function secretsOf({ env, headers, oauth }: McpSettings): string[] {
  const values = [...Object.values(env ?? {}), ...Object.values(headers ?? {}), oauth?.clientSecret];
  return values.flatMap((value) => (value !== undefined && typeof value !== "string" ? [value.secret] : []));
}

/** One object per tool while pin and settings stay the same, so that what is compiled for its schema is compiled once. */
export function mcpTool(settings: McpSettings, tool: PinnedTool): McpTool {
  const known = tools.get(tool);
  if (known?.settings === settings) return known.tool;
  const made: McpTool = toSpec(settings.name, tool, effectOf(tool, settings));
  if (tool.hints?.readOnly || tool.hints?.destructive) made.hints = tool.hints;
  if (tool.notes) made.notes = tool.notes;
  tools.set(tool, { settings, tool: made });
  return made;
}
const tools = new WeakMap<PinnedTool, { settings: McpSettings; tool: McpTool }>();

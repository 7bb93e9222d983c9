/** What is kept of an MCP server, and how it is shown. */
import { join } from "node:path";
import type { ToolSpec } from "../../runtime/tool.ts";
import type { McpServerCard } from "../contract/mcp-server.ts";
import { cutText } from "../tools/clean-text.ts";
import type { McpSettings } from "./config.ts";
import type { ServerInfo } from "./connection.ts";
import { type PinnedTool, type RejectedTool, sha256, toSpec } from "./tool-list.ts";

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
  /** What it offers now, where that is not what was pinned. */
  review?: Pin & { changes: string[] };
  era?: "legacy" | "modern";
}

/** What a process sees of a server while it runs. */
export interface ServerState {
  ready: boolean;
  starting: boolean;
  signIn: boolean;
  message?: string;
}

/** Hash of what is approved and nothing else: argv, env names and folder, or URL and header names. */
export function launchHash(settings: McpSettings, dataDir: string): string {
  return settings.url
    ? sha256({ url: settings.url, headers: Object.keys(settings.headers ?? {}).sort() })
    : sha256({
        argv: [settings.command, ...(settings.args ?? [])],
        env: Object.keys(settings.env ?? {}).sort(),
        cwd: folderOf(settings, dataDir),
      });
}

/** Hash of all that a person sees before they say yes: under review also of what is offered now. */
export function seenHash({ settings, approved, review }: ServerRecord, dataDir: string): string {
  const launch = launchHash(settings, dataDir);
  if (approved !== launch || !review) return launch;
  return sha256([launch, review.serverInfo, review.tools.map((tool) => tool.hash)]);
}

/** The folder that it runs in: its own scratch folder where none was given. */
export function folderOf(settings: McpSettings, dataDir: string): string {
  return settings.cwd ?? join(dataDir, "mcp", settings.name);
}

export function cardOf(record: ServerRecord, state: ServerState, dataDir: string): McpServerCard {
  const { settings, pin, review } = record;
  const card: McpServerCard = {
    name: settings.name,
    transport: settings.url ? "http" : "stdio",
    seen: seenHash(record, dataDir),
    status: "stopped",
    tools: pin?.tools.length ?? 0,
  };
  if (settings.url) {
    card.url = settings.url;
    card.headerNames = Object.keys(settings.headers ?? {});
  } else {
    card.argv = [settings.command!, ...(settings.args ?? [])];
    card.envNames = Object.keys(settings.env ?? {});
    card.cwd = folderOf(settings, dataDir);
  }
  if (pin?.rejected.length) card.rejected = pin.rejected;
  if (record.approved !== launchHash(settings, dataDir)) card.status = "needs-approval";
  else if (review) {
    card.status = "needs-review";
    card.message = `It offers something else than what was approved: ${cutText(review.changes.join(", "), 1000)}.`;
  } else if (state.signIn) card.status = "needs-sign-in";
  else if (state.ready) card.status = "ready";
  else if (state.starting) card.status = "starting";
  else if (state.message) card.status = "failed";
  if (state.message && card.message === undefined && card.status !== "ready") card.message = state.message;
  return card;
}

/** One spec object a tool as long as pin and settings stand, so that what is compiled for it is compiled once. */
export function specFor(settings: McpSettings, tool: PinnedTool): ToolSpec {
  const known = specs.get(tool);
  if (known?.settings === settings) return known.spec;
  const spec = toSpec(settings.name, tool, settings.effects);
  specs.set(tool, { settings, spec });
  return spec;
}
const specs = new WeakMap<PinnedTool, { settings: McpSettings; spec: ToolSpec }>();

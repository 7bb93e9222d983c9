import type { ToolResult } from "../../runtime/tool.ts";
import type { McpLimits, McpServerCard, McpTool } from "../contract/mcp-server.ts";
import type { CallOptions } from "./connection.ts";

export interface McpServerConfig {
  /** `[a-z][a-z0-9-]{0,31}` */
  name: string;
  url?: string;
  headers?: Record<string, { secret: string }>;
  command?: string;
  args?: string[];
  /** A text is not a secret: it is shown, and part of what is approved. */
  env?: Record<string, string | { secret: string }>;
  cwd?: string;
  limits?: Partial<McpLimits>;
}

export interface McpServers {
  cards(): Promise<McpServerCard[]>;
  /**
   * Adds one server or a pasted `{ mcpServers: {…} }`. Header values and credentials in the environment become secrets.
   * Starts nothing.
   */
  add(body: unknown): Promise<McpServerCard[]>;
  /** Replaces parts of a server's settings. A change to what runs needs a new approval. */
  change(name: string, change: unknown): Promise<McpServerCard>;
  /**
   * Approves the command, environment and folder (or URL) that the admin saw, starts the server and pins its tools; also
   * the answer to `needs-review`. `confirmEnv`: variables of unknown names that the admin approves as well. Rejects with
   * `conflict` when `seen` is not the present hash, with `bad_request` when a name is missing in `confirmEnv`.
   */
  approve(name: string, seen?: string, confirmEnv?: string[]): Promise<McpServerCard>;
  /** Starts a sign-in (OAuth) at an HTTP server; returns the address to open. `origin`: of our own pages. */
  signIn(name: string, origin: string): Promise<{ url: string }>;
  /** Completes it with the parameters of the redirect. Rejects with `forbidden` when it was not started here. */
  finishSignIn(params: URLSearchParams): Promise<McpServerCard>;
  /** The pinned tools, without starting anything. Rejects with `not_found`; empty before the first approval. */
  tools(name: string, signal: AbortSignal): Promise<McpTool[]>;
  /**
   * Calls a tool, starting the server if it is not running. A failure of the tool is a result with `error`.
   * Rejects with `mcp_start_failed`, `mcp_failed`, `tool_timeout` or, when the outcome is unknown, `connection_lost`.
   */
  call(
    server: string,
    tool: string,
    args: Record<string, unknown>,
    options: CallOptions,
    signal: AbortSignal,
  ): Promise<ToolResult>;
  delete(name: string): Promise<boolean>;
  /** Ends every child with its process group. */
  close(): Promise<void>;
}

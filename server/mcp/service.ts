import type { ToolResult, ToolSpec } from "../../runtime/tool.ts";
import type { McpServerCard } from "../contract/mcp-server.ts";

export interface McpServerConfig {
  /** `[a-z][a-z0-9-]{0,31}` */
  name: string;
  url?: string;
  headers?: Record<string, { secret: string }>;
  command?: string;
  args?: string[];
  env?: Record<string, { secret: string }>;
  cwd?: string;
}

export interface McpServers {
  cards(): Promise<McpServerCard[]>;
  /** Takes one server or a pasted `{ mcpServers: {…} }`; header and env values become secrets. Starts nothing. */
  add(body: unknown): Promise<McpServerCard[]>;
  /** Replaces parts of a server's settings. Whatever changes what runs needs a new approval. */
  change(name: string, change: unknown): Promise<McpServerCard>;
  /**
   * The admin saw exactly this argv, env names and folder (or URL) and says yes. Then it is started and its tools are
   * pinned; also the answer to `needs-review`. Rejects with `conflict` when `seen` is not what stands now.
   */
  approve(name: string, seen?: string): Promise<McpServerCard>;
  /** Begins a sign-in (OAuth) at an HTTP server; gives the address to send the person to. `origin`: of our own pages. */
  signIn(name: string, origin: string): Promise<{ url: string }>;
  /** Ends it with what the person was sent back with. Rejects with `forbidden` for what was not begun here. */
  finishSignIn(params: URLSearchParams): Promise<McpServerCard>;
  /** The pinned tools, without starting anything. Rejects with `not_found`; empty before the first approval. */
  tools(name: string, signal: AbortSignal): Promise<ToolSpec[]>;
  /**
   * Calls a tool, starting the server where it is not running. A failure of the tool is a result with `error`.
   * Rejects with `mcp_start_failed`, `mcp_failed`, `tool_timeout` or, when the outcome is unknown, `connection_lost`.
   */
  call(
    server: string,
    tool: string,
    args: Record<string, unknown>,
    options: { idempotencyKey: string },
    signal: AbortSignal,
  ): Promise<ToolResult>;
  delete(name: string): Promise<boolean>;
  /** Ends every child with its process group. */
  close(): Promise<void>;
}

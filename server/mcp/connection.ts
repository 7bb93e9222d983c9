/** One live connection to an MCP server over stdio or Streamable HTTP, in either era of the protocol. */
import {
  type CallToolResult,
  type Client,
  ProtocolError,
  SdkError,
  SdkErrorCode,
  SdkHttpError,
  type StreamableHTTPClientTransport,
  type Tool,
  UnauthorizedError,
} from "@modelcontextprotocol/client";
import { PatchbayError } from "../../runtime/error.ts";
import { cleanText, cutText } from "../tools/clean-text.ts";
import { type Cuts, connectOnce, endingOf, type Launch, SessionLost, SignInNeeded, startFailure } from "./connect.ts";
import { CALL_KEY } from "./http-fetch.ts";
import { StdioTransport } from "./stdio-transport.ts";
import { acceptTools, MAX_TOOLS, type PinnedTool, type RejectedTool } from "./tool-list.ts";

const MAX_PAGES = 64;
const PING_MS = 2_000;
export interface ConnectionEvents {
  /** The connection ended. `crashed`: we did not close it, and it is not the clean exit of an idle server. */
  onEnd(crashed: boolean): void;
  onListChanged(): void;
}

export interface ServerInfo {
  name: string;
  version: string;
}

export class McpConnection {
  readonly era: "legacy" | "modern";
  readonly serverInfo: ServerInfo;
  tools: PinnedTool[] = [];
  rejected: RejectedTool[] = [];
  readonly #client: Client;
  readonly #transport: StdioTransport | StreamableHTTPClientTransport;
  readonly #launch: Launch;
  readonly #definitions = new Map<string, Tool>();
  #inFlight = 0;
  #closing = false;
  readonly #cuts: Cuts;
  #alive = true;

  /** Starts or reaches the server and lists its tools. Rejects with `mcp_start_failed`, `address_blocked` or `SignInNeeded`. */
  static async open(launch: Launch, events: ConnectionEvents): Promise<McpConnection> {
    const eras: ("auto" | "legacy")[] = !launch.stdio
      ? ["auto"]
      : launch.era === "legacy"
        ? ["legacy", "auto"]
        : ["auto", "legacy"];
    const deadline = Date.now() + launch.startMs;
    let failure: unknown;
    for (const era of eras) {
      if (Date.now() >= deadline) break;
      const attempt = connectOnce(launch, era, deadline - Date.now());
      try {
        const { client, transport } = await attempt.connected;
        const connection = new McpConnection(client, transport, launch, events, attempt.cuts);
        try {
          await connection.#list(deadline - Date.now());
        } catch (thrown) {
          await connection.close();
          throw startFailure(launch, transport, thrown);
        }
        return connection;
      } catch (thrown) {
        failure = thrown;
        // only an end during the first request may mean "this server knows no other first request"
        if (!(thrown instanceof PatchbayError) || !attempt.endedEarly()) break;
      }
    }
    throw failure;
  }

  private constructor(
    client: Client,
    transport: StdioTransport | StreamableHTTPClientTransport,
    launch: Launch,
    events: ConnectionEvents,
    cuts: Cuts,
  ) {
    this.#cuts = cuts;
    this.#client = client;
    this.#transport = transport;
    this.#launch = launch;
    this.era = client.getProtocolEra() === "modern" ? "modern" : "legacy";
    const info = client.getServerVersion();
    this.serverInfo = {
      name: cutText(cleanText(info?.name ?? ""), 200),
      version: cutText(cleanText(info?.version ?? ""), 100),
    };
    client.onclose = () => {
      this.#alive = false;
      const exit = transport instanceof StdioTransport ? transport.exit : undefined;
      const clean = exit?.code === 0 && this.#inFlight === 0;
      events.onEnd(!this.#closing && !clean);
    };
    client.setNotificationHandler("notifications/tools/list_changed", () => events.onListChanged());
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Reads the list again. */
  async refresh(): Promise<void> {
    await this.#list(this.#launch.startMs);
  }

  /**
   * Rejects with `tool_timeout`, `connection_lost` (the outcome is unknown), `mcp_failed`, `SessionLost` (the server
   * did not know the session and did nothing) or the signal's reason.
   */
  async call(
    tool: string,
    args: Record<string, unknown>,
    idempotencyKey: string,
    signal: AbortSignal,
  ): Promise<CallToolResult> {
    const { callMs, name } = this.#launch;
    this.#inFlight++;
    const cut = this.#cuts.watch(idempotencyKey);
    try {
      return await this.#client.callTool(
        { name: tool, arguments: args, _meta: { [CALL_KEY]: idempotencyKey } },
        {
          timeout: callMs,
          maxTotalTimeout: callMs,
          signal: AbortSignal.any([signal, cut.signal]),
          toolDefinition: this.#definitions.get(tool),
        },
      );
    } catch (thrown) {
      if (signal.aborted) throw signal.reason;
      if (cut.signal.aborted) throw this.#lost(tool);
      if (thrown instanceof PatchbayError) throw thrown;
      if (thrown instanceof SdkError && thrown.code === SdkErrorCode.RequestTimeout) {
        void this.#afterTimeout();
        throw new PatchbayError(
          "tool_timeout",
          `The MCP server "${name}" did not finish ${tool} within ${callMs} ms; it was asked to stop.`,
        );
      }
      throw this.#callFailure(tool, thrown);
    } finally {
      cut.done();
      this.#inFlight--;
    }
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#client.close().catch(() => undefined); // it may have ended meanwhile
    this.#alive = false;
  }

  /** Keeps a slow server that still serves other calls; ends one that hangs or has no other call. */
  async #afterTimeout(): Promise<void> {
    if (!(this.#transport instanceof StdioTransport)) return;
    if (this.#inFlight > 0) {
      const answers = await this.#client.ping({ timeout: PING_MS }).then(
        () => true,
        () => false,
      );
      if (answers) return;
    }
    this.#closing = true;
    await this.#transport.kill();
  }

  #callFailure(tool: string, thrown: unknown): Error {
    const { name } = this.#launch;
    const message = this.#launch.redact(
      cutText(cleanText(thrown instanceof Error ? thrown.message : String(thrown)), 1000),
    );
    if (thrown instanceof UnauthorizedError) return new SignInNeeded(name);
    if (thrown instanceof SdkHttpError) {
      // 404 by the protocol; some servers say 400. Either way the request was refused and nothing was done
      if (thrown.status === 404 || (thrown.status === 400 && this.#hasSession))
        return new SessionLost(name, thrown.status);
      if (thrown.status === 401 || thrown.status === 403) return new SignInNeeded(name);
      return new PatchbayError("mcp_failed", `The MCP server "${name}" answered HTTP ${thrown.status} to ${tool}.`);
    }
    if (thrown instanceof ProtocolError) return new PatchbayError("mcp_failed", `${tool} failed: ${message}`);
    const code = thrown instanceof SdkError ? thrown.code : undefined;
    if (code === SdkErrorCode.InvalidResult || code === SdkErrorCode.UnsupportedResultType)
      return new PatchbayError(
        "mcp_failed",
        `The MCP server "${name}" answered ${tool} with something that is not a result: ${message}`,
      );
    return this.#lost(tool);
  }

  #lost(tool: string): PatchbayError {
    return new PatchbayError(
      "connection_lost",
      `The MCP server "${this.#launch.name}" ended in the middle of ${tool}; whether it took effect is not known.${this.#ending()}`,
    );
  }

  get #hasSession(): boolean {
    return !(this.#transport instanceof StdioTransport) && this.#transport.sessionId !== undefined;
  }

  #ending(): string {
    return this.#transport instanceof StdioTransport ? endingOf(this.#transport, this.#launch) : "";
  }

  async #list(timeoutMs: number): Promise<void> {
    const tools: Tool[] = [];
    let total = 0;
    if (this.#client.getServerCapabilities()?.tools) {
      const signal = AbortSignal.timeout(Math.max(timeoutMs, 1));
      let cursor: string | undefined;
      const seen = new Set<string>();
      for (let page = 0; ; page++) {
        const answer = await this.#client.request(
          { method: "tools/list", params: cursor === undefined ? {} : { cursor } },
          { timeout: Math.max(timeoutMs, 1), signal },
        );
        total += answer.tools.length;
        tools.push(...answer.tools.slice(0, Math.max(0, 2 * MAX_TOOLS - tools.length)));
        cursor = answer.nextCursor;
        if (
          cursor === undefined ||
          cursor === "" ||
          seen.has(cursor) ||
          page >= MAX_PAGES ||
          tools.length >= 2 * MAX_TOOLS
        )
          break;
        seen.add(cursor);
      }
    }
    const list = acceptTools(tools, total);
    this.tools = list.tools;
    this.rejected = list.rejected;
    this.#definitions.clear();
    const kept = new Set(list.tools.map((tool) => tool.name));
    for (const tool of tools)
      if (kept.has(tool.name) && !this.#definitions.has(tool.name)) this.#definitions.set(tool.name, tool);
  }
}

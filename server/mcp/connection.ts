/** One live connection to an MCP server over stdio or Streamable HTTP, in either era of the protocol. */
import {
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
import type { ToolProgress } from "../tools/progress.ts";
import { CallTimer } from "./call-timer.ts";
import { type Cuts, connectOnce, type Launch, lastOutput, startFailure } from "./connect.ts";
import { SessionLost, SignInNeeded } from "./connection-error.ts";
import { CALL_KEY } from "./http-fetch.ts";
import { rawResult } from "./raw-results.ts";
import { StdioTransport } from "./stdio-transport.ts";
import { MAX_TOOLS, type PinnedTool, type RejectedTool, readTools } from "./tool-list.ts";

const MAX_PAGES = 64;
const PING_MS = 2_000;

export interface ConnectionEvents {
  /** An opened connection ended. `crashed`: we did not close it, and it is not the clean exit of an idle server. */
  onEnd(connection: McpConnection, crashed: boolean): void;
  onListChanged(): void;
}

export interface ServerInfo {
  name: string;
  version: string;
}

export interface CallOptions {
  idempotencyKey: string;
  onProgress?(progress: ToolProgress): void;
}

export class McpConnection {
  readonly era: "legacy" | "modern";
  readonly serverInfo: ServerInfo;
  tools: PinnedTool[] = [];
  rejected: RejectedTool[] = [];
  readonly #client: Client;
  readonly #transport: StdioTransport | StreamableHTTPClientTransport;
  readonly #launch: Launch;
  readonly #cuts: Cuts;
  /** By tool name, as the server sent them. */
  readonly #schemas = new Map<string, { input: unknown; output: unknown }>();
  #inFlight = 0;
  #opened = false;
  #closing = false;
  #alive = true;

  /**
   * Starts or reaches the server and lists its tools. Rejects with `mcp_start_failed`, `address_blocked` or
   * `SignInNeeded`. `events` are emitted after it has resolved.
   */
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
          if (!connection.alive) throw new Error("it closed the connection");
        } catch (thrown) {
          // Before the close, which ends the process by itself: the exit is a reason only if it came first.
          const error = await startFailure(launch, transport, thrown);
          await connection.close();
          throw error;
        }
        connection.#opened = true;
        return connection;
      } catch (thrown) {
        failure = thrown;
        // Only an end during the first request may mean that the server does not know this request.
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
      if (!this.#opened) return;
      const exit = transport instanceof StdioTransport ? transport.exit : undefined;
      const clean = exit?.code === 0 && this.#inFlight === 0;
      events.onEnd(this, !this.#closing && !clean);
    };
    client.setNotificationHandler("notifications/tools/list_changed", () => {
      if (this.#opened) events.onListChanged();
    });
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Reads the list again. */
  async refresh(): Promise<void> {
    await this.#list(this.#launch.startMs);
  }

  /** The schema of the structured value of a tool, as the server sent it. */
  outputSchema(tool: string): unknown {
    return this.#schemas.get(tool)?.output;
  }

  /**
   * Resolves with the result as the server sent it, unchecked. Rejects with `tool_timeout`, `connection_lost` (the outcome
   * is unknown), `mcp_failed`, `SessionLost` (the server did not know the session and did nothing) or the signal's reason.
   */
  async call(
    tool: string,
    args: Record<string, unknown>,
    { idempotencyKey, onProgress }: CallOptions,
    signal: AbortSignal,
  ): Promise<Record<string, unknown>> {
    const { callMs, callTotalMs, name } = this.#launch;
    this.#inFlight++;
    const cut = this.#cuts.watch(idempotencyKey);
    const timer = new CallTimer(callMs, callTotalMs);
    try {
      const result = await this.#client.callTool(
        { name: tool, arguments: args, _meta: { [CALL_KEY]: idempotencyKey } },
        {
          // The timer below has both limits, and cancels the request when one is reached.
          timeout: callTotalMs + PING_MS,
          signal: AbortSignal.any([signal, cut.signal, timer.signal]),
          onprogress: (progress) => {
            timer.restart();
            onProgress?.(progress);
          },
          toolDefinition: { name: tool, inputSchema: this.#schemas.get(tool)?.input } as Tool,
        },
      );
      return rawResult(result) ?? {};
    } catch (thrown) {
      if (signal.aborted) throw signal.reason;
      if (cut.signal.aborted) throw this.#lost(tool);
      if (thrown instanceof PatchbayError) throw thrown;
      if (timer.signal.aborted) {
        void this.#afterTimeout().catch(() => undefined); // it has ended
        throw new PatchbayError(
          "tool_timeout",
          `The MCP server "${name}" did not finish ${tool} within ${timer.reached}; it was asked to stop. The limits can be changed under MCP servers.`,
        );
      }
      throw this.#callFailure(tool, thrown);
    } finally {
      timer.stop();
      cut.done();
      this.#inFlight--;
    }
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#client.close().catch(() => undefined); // it may have ended already
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
      // 404 by the protocol; some servers send 400. Either way the request was refused and nothing was done.
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
      `The MCP server "${this.#launch.name}" ended during ${tool}; it is not known whether the call took effect.${this.#lastOutput()}`,
    );
  }

  get #hasSession(): boolean {
    return !(this.#transport instanceof StdioTransport) && this.#transport.sessionId !== undefined;
  }

  #lastOutput(): string {
    return this.#transport instanceof StdioTransport ? lastOutput(this.#transport, this.#launch) : "";
  }

  async #list(timeoutMs: number): Promise<void> {
    const entries: unknown[] = [];
    let total = 0;
    if (this.#client.getServerCapabilities()?.tools) {
      const deadline = Date.now() + timeoutMs;
      let cursor: string | undefined;
      const seen = new Set<string>();
      for (let page = 0; page < MAX_PAGES; page++) {
        const { tools, nextCursor } = rawResult(
          await this.#client.request(
            { method: "tools/list", params: cursor === undefined ? {} : { cursor } },
            { timeout: Math.max(deadline - Date.now(), 1) },
          ),
        );
        if (!Array.isArray(tools)) throw new Error("its list of tools is not a list");
        total += tools.length;
        entries.push(...tools.slice(0, Math.max(0, 2 * MAX_TOOLS - entries.length)));
        if (typeof nextCursor !== "string" || nextCursor === "" || seen.has(nextCursor)) break;
        if (entries.length >= 2 * MAX_TOOLS) break;
        seen.add(nextCursor);
        cursor = nextCursor;
      }
    }
    const list = readTools(entries, total);
    this.tools = list.tools;
    this.rejected = list.rejected;
    this.#schemas.clear();
    const kept = new Set(list.tools.map((tool) => tool.name));
    for (const entry of entries) {
      const { name, inputSchema, outputSchema } = (entry ?? {}) as Record<string, unknown>;
      if (typeof name === "string" && kept.has(name) && !this.#schemas.has(name))
        this.#schemas.set(name, { input: inputSchema, output: outputSchema });
    }
  }
}

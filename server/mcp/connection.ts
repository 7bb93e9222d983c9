/** One live connection to one MCP server, over stdio or Streamable HTTP, whichever era of the protocol it speaks. */
import { mkdirSync } from "node:fs";
import {
  type CallToolResult,
  Client,
  type FetchLike,
  type jsonSchemaValidator,
  type OAuthClientProvider,
  ProtocolError,
  SdkError,
  SdkErrorCode,
  SdkHttpError,
  StreamableHTTPClientTransport,
  type Tool,
  UnauthorizedError,
} from "@modelcontextprotocol/client";
import { PatchbayError } from "../../runtime/error.ts";
import type { JsonSchema } from "../../runtime/tool.ts";
import type { GuardedFetch } from "../net/guarded-fetch.ts";
import { cleanText, cutText } from "../tools/clean-text.ts";
import { schemaMismatch } from "../tools/schema-check.ts";
import { asFetchLike, CALL_KEY } from "./http-fetch.ts";
import { baseEnvironment } from "./process-group.ts";
import { StdioTransport } from "./stdio-transport.ts";
import { acceptTools, MAX_TOOLS, type PinnedTool, type RejectedTool } from "./tool-list.ts";

const MAX_PAGES = 64;
const PROBE_MS = 2_000;
const PING_MS = 2_000;
/** After an event stream ended, for the message that may still be on its way through the SDK. */
const CUT_GRACE_MS = 250;

/** All that is needed to connect, with every secret already looked up. */
export interface Launch {
  name: string;
  stdio?: { command: string; args: string[]; env: Record<string, string>; cwd: string; ledger: string };
  http?: { url: string; headers: Record<string, string>; fetch: GuardedFetch; auth?: OAuthClientProvider };
  startMs: number;
  callMs: number;
  /** What is known from the last time; saves a start where the server ends on an unknown first request. */
  era?: "legacy" | "modern";
  redact(text: string): string;
}

export interface ConnectionEvents {
  /** The connection is gone. `crashed`: not by our doing, and not a clean end of an idle server. */
  onEnd(crashed: boolean): void;
  onListChanged(): void;
}

export interface ServerInfo {
  name: string;
  version: string;
}

/** Structured results are checked by our own guarded validator: a server's schema is never compiled as it comes. */
const validator: jsonSchemaValidator = {
  getValidator: <T>(schema: unknown) => {
    return (input: unknown) => {
      const mismatch = schemaMismatch(schema as JsonSchema, input);
      return mismatch === undefined
        ? { valid: true as const, data: input as T, errorMessage: undefined }
        : { valid: false as const, data: undefined, errorMessage: mismatch };
    };
  },
};

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
   * had forgotten us and did nothing) or the signal's reason.
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
          `The MCP server "${name}" did not finish ${tool} within ${callMs} ms; it was told to stop.`,
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

  /** A server that is merely slow goes on serving others; one that hangs, or has nothing else to do, is ended. */
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
        `The MCP server "${name}" answered ${tool} with something that is no result: ${message}`,
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

/** The server wants a sign-in (OAuth) before it talks. */
export class SignInNeeded extends PatchbayError {
  constructor(name: string) {
    super(
      "mcp_failed",
      `The MCP server "${name}" wants a sign-in, or refuses the one it has. Sign in under MCP servers.`,
    );
  }
}

/** The server had forgotten the session: nothing was done, and a new session may try again. */
export class SessionLost extends PatchbayError {
  constructor(name: string, status: number) {
    super(
      "mcp_failed",
      `The MCP server "${name}" refused the request with HTTP ${status}; it may not know the session any more.`,
    );
  }
}

/** Calls over HTTP whose answer was cut: told by the stream, heard by the call. */
class Cuts {
  readonly #waiting = new Map<string, Set<AbortController>>();

  watch(key: string): { signal: AbortSignal; done(): void } {
    const controller = new AbortController();
    const set = this.#waiting.get(key) ?? new Set();
    this.#waiting.set(key, set.add(controller));
    return {
      signal: controller.signal,
      done: () => {
        set.delete(controller);
        if (!set.size) this.#waiting.delete(key);
      },
    };
  }

  tell(key: string): void {
    const cut = [...(this.#waiting.get(key) ?? [])];
    setTimeout(() => {
      for (const controller of cut) controller.abort();
    }, CUT_GRACE_MS).unref();
  }
}

function connectOnce(launch: Launch, era: "auto" | "legacy", timeoutMs: number) {
  const cuts = new Cuts();
  const transport = launch.stdio
    ? new StdioTransport({ ...launch.stdio, env: { ...baseEnvironment(), ...launch.stdio.env } })
    : httpTransport(launch, cuts);
  if (launch.stdio) mkdirSync(launch.stdio.cwd, { recursive: true });
  const client = new Client(
    { name: "patchbay", version: "1" },
    {
      // no sampling, elicitation or roots: a server that asks for them is told that there is no such method
      capabilities: {},
      versionNegotiation: { mode: era, probe: { timeoutMs: Math.min(PROBE_MS, timeoutMs) } },
      inputRequired: { autoFulfill: false },
      jsonSchemaValidator: validator,
    },
  );
  client.onerror = () => undefined; // stray messages and late answers: counted by the transport, nobody waits for them
  let ended = false;
  const connected = (async () => {
    let timer: NodeJS.Timeout | undefined;
    try {
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`it did not answer within ${launch.startMs} ms`)), timeoutMs);
      });
      await Promise.race([client.connect(transport, { timeout: timeoutMs }), late]);
      return { client, transport };
    } catch (thrown) {
      ended = transport instanceof StdioTransport && transport.exit !== undefined && !transport.exit.error;
      if (transport instanceof StdioTransport) await transport.kill();
      else await transport.close().catch(() => undefined); // nothing was opened
      throw startFailure(launch, transport, thrown);
    } finally {
      clearTimeout(timer);
    }
  })();
  return { connected, cuts, endedEarly: () => ended };
}

function httpTransport({ http, ...launch }: Launch, cuts: Cuts): StreamableHTTPClientTransport {
  const { url, headers, fetch, auth } = http!;
  return new StreamableHTTPClientTransport(new URL(url), {
    fetch: asFetchLike(fetch, (key) => cuts.tell(key)) as FetchLike,
    requestInit: { headers },
    authProvider: auth,
    reconnectionOptions: {
      initialReconnectionDelay: 500,
      maxReconnectionDelay: Math.min(5_000, launch.callMs),
      reconnectionDelayGrowFactor: 2,
      maxRetries: 2,
    },
  });
}

function startFailure(
  launch: Launch,
  transport: StdioTransport | StreamableHTTPClientTransport,
  thrown: unknown,
): PatchbayError {
  if (
    thrown instanceof UnauthorizedError ||
    (thrown instanceof SdkHttpError && (thrown.status === 401 || thrown.status === 403))
  )
    return new SignInNeeded(launch.name);
  for (let at: unknown = thrown; at instanceof Error; at = at.cause) if (at instanceof PatchbayError) return at;
  const exit = transport instanceof StdioTransport ? transport.exit : undefined;
  const code = exit?.error && (exit.error as NodeJS.ErrnoException).code;
  const spawnCode = code ?? (thrown as NodeJS.ErrnoException | undefined)?.code;
  const message = launch.redact(cutText(cleanText(thrown instanceof Error ? thrown.message : String(thrown)), 500));
  const why =
    spawnCode === "ENOENT"
      ? `the command "${launch.stdio?.command}" or the folder "${launch.stdio?.cwd}" was not found`
      : spawnCode === "EACCES"
        ? `"${launch.stdio?.command}" may not be run`
        : transport instanceof StdioTransport && transport.overflowed
          ? "it sent a line over 10 MB"
          : exit && !exit.error && exit.signal !== "SIGKILL"
            ? `it ended with ${exit.signal ? `signal ${exit.signal}` : `code ${exit.code}`}`
            : message;
  const tail = transport instanceof StdioTransport ? endingOf(transport, launch) : "";
  return new PatchbayError("mcp_start_failed", `The MCP server "${launch.name}" could not be started: ${why}.${tail}`, {
    cause: thrown,
  });
}

/** What the server wrote last, for the one who has to mend it. */
function endingOf(transport: StdioTransport, launch: Launch): string {
  const stderr = launch.redact(cleanText(transport.stderrTail.trim()));
  const stray = transport.strayLines
    ? ` It wrote ${transport.strayLines} lines to stdout that are no messages, first: ${launch.redact(cleanText(transport.firstStray))}`
    : "";
  return (stderr ? ` It wrote: ${stderr}` : "") + stray;
}

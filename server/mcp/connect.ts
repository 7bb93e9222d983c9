/** Opens a connection: creates the transport, negotiates the protocol's era, and explains a failure. */
import { mkdirSync } from "node:fs";
import {
  Client,
  type FetchLike,
  type jsonSchemaValidator,
  type OAuthClientProvider,
  SdkHttpError,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from "@modelcontextprotocol/client";
import { PatchbayError } from "../../runtime/error.ts";
import type { JsonSchema } from "../../runtime/tool.ts";
import type { GuardedFetch } from "../net/guarded-fetch.ts";
import { cleanText, cutText } from "../tools/clean-text.ts";
import { schemaMismatch } from "../tools/schema-check.ts";
import { asFetchLike } from "./http-fetch.ts";
import { baseEnvironment } from "./process-group.ts";
import { StdioTransport } from "./stdio-transport.ts";

const PROBE_MS = 2_000;
/** Delay after the end of an event stream, for a message that the SDK is still processing. */
const CUT_GRACE_MS = 250;

/** All that is needed to connect, with resolved secrets. */
export interface Launch {
  name: string;
  stdio?: { command: string; args: string[]; env: Record<string, string>; cwd: string; ledger: string };
  http?: { url: string; headers: Record<string, string>; fetch: GuardedFetch; auth?: OAuthClientProvider };
  startMs: number;
  callMs: number;
  /** From the last connection. Saves a start when the server exits on an unknown first request. */
  era?: "legacy" | "modern";
  redact(text: string): string;
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

/** The server wants a sign-in (OAuth) before it talks. */
export class SignInNeeded extends PatchbayError {
  constructor(name: string) {
    super(
      "mcp_failed",
      `The MCP server "${name}" wants a sign-in, or refuses the one it has. Sign in under MCP servers.`,
    );
  }
}

/** The server does not know the session: nothing was done, and a new session may try again. */
export class SessionLost extends PatchbayError {
  constructor(name: string, status: number) {
    super(
      "mcp_failed",
      `The MCP server "${name}" refused the request with HTTP ${status}; it may not know the session any more.`,
    );
  }
}

/** Calls over HTTP whose answer was cut: told by the stream, heard by the call. */
export class Cuts {
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

  reportCut(key: string): void {
    const cut = [...(this.#waiting.get(key) ?? [])];
    setTimeout(() => {
      for (const controller of cut) controller.abort();
    }, CUT_GRACE_MS).unref();
  }
}

/** One attempt to start or reach a server. `endedEarly`: the command ended before it had answered. */
export function connectOnce(launch: Launch, era: "auto" | "legacy", timeoutMs: number) {
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
    fetch: asFetchLike(fetch, (key) => cuts.reportCut(key)) as FetchLike,
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

/** Why a server could not be started, with its last words. */
export function startFailure(
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

/** The server's last output, for debugging. */
export function endingOf(transport: StdioTransport, launch: Launch): string {
  const stderr = launch.redact(cleanText(transport.stderrTail.trim()));
  const stray = transport.strayLines
    ? ` It wrote ${transport.strayLines} lines to stdout that are not messages, first: ${launch.redact(cleanText(transport.firstStray))}`
    : "";
  return (stderr ? ` It wrote: ${stderr}` : "") + stray;
}

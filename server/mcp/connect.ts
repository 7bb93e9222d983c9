/** Opens a connection: creates the transport, negotiates the era of the protocol, and explains a failure. */
import { mkdirSync } from "node:fs";
import {
  Client,
  type FetchLike,
  type OAuthClientProvider,
  ProtocolError,
  SdkError,
  SdkErrorCode,
  SdkHttpError,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from "@modelcontextprotocol/client";
import { PatchbayError } from "../../runtime/error.ts";
import type { GuardedFetch } from "../net/guarded-fetch.ts";
import { cleanText, cutText } from "../tools/clean-text.ts";
import { SignInNeeded } from "./connection-error.ts";
import { asFetchLike } from "./http-fetch.ts";
import { baseEnvironment } from "./process-group.ts";
import { keepRawResults } from "./raw-results.ts";
import { StdioTransport } from "./stdio-transport.ts";

/** For a command to answer the first request of the newer era, before it is asked in the older one. */
const PROBE_MS = 5_000;
/** Delay after the end of an event stream, for a message that the SDK is still processing. */
const CUT_GRACE_MS = 250;
/** Time for a process that closed its output to end, so that its exit code and last output are known. */
const EXIT_GRACE_MS = 200;

/** All that is needed to connect, with resolved secrets. */
export interface Launch {
  name: string;
  stdio?: { command: string; args: string[]; env: Record<string, string>; cwd: string; ledger: string };
  http?: { url: string; headers: Record<string, string>; fetch: GuardedFetch; auth?: OAuthClientProvider };
  /** Until the tools are listed. */
  startMs: number;
  /** Without progress of a call. */
  callMs: number;
  /** Of a call in total. */
  callTotalMs: number;
  /** From the last connection. Saves a start when the server exits on an unknown first request. */
  era?: "legacy" | "modern";
  redact(text: string): string;
}

/** Calls over HTTP whose response was cut: the stream reports it, the call is aborted. */
export class Cuts {
  readonly #calls = new Map<string, Set<AbortController>>();

  watch(key: string): { signal: AbortSignal; done(): void } {
    const controller = new AbortController();
    const set = this.#calls.get(key) ?? new Set();
    this.#calls.set(key, set.add(controller));
    return {
      signal: controller.signal,
      done: () => {
        set.delete(controller);
        if (!set.size) this.#calls.delete(key);
      },
    };
  }

  reportCut(key: string): void {
    const cut = [...(this.#calls.get(key) ?? [])];
    setTimeout(() => {
      for (const controller of cut) controller.abort();
    }, CUT_GRACE_MS).unref();
  }
}

/** One attempt to start or reach a server. `endedEarly`: the command ended before it answered the first request. */
export function connectOnce(launch: Launch, era: "auto" | "legacy", timeoutMs: number) {
  const cuts = new Cuts();
  const transport = launch.stdio
    ? new StdioTransport({ ...launch.stdio, env: { ...baseEnvironment(), ...launch.stdio.env } })
    : httpTransport(launch, cuts);
  keepRawResults(transport);
  const client = new Client(
    { name: "patchbay", version: "1" },
    {
      // No sampling, elicitation or roots: a request for them gets the error "Method not found".
      capabilities: {},
      versionNegotiation: {
        mode: era,
        probe: { timeoutMs: launch.stdio ? Math.min(PROBE_MS, timeoutMs) : timeoutMs },
      },
      inputRequired: { autoFulfill: false },
    },
  );
  client.onerror = () => undefined; // stray messages and late responses, which belong to no request
  let ended = false;
  const connected = (async () => {
    let timer: NodeJS.Timeout | undefined;
    try {
      if (launch.stdio) mkdirSync(launch.stdio.cwd, { recursive: true });
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`it did not answer within ${launch.startMs} ms`)), timeoutMs);
      });
      await Promise.race([client.connect(transport, { timeout: timeoutMs }), late]);
      return { client, transport };
    } catch (thrown) {
      const error = await startFailure(launch, transport, thrown);
      ended = transport instanceof StdioTransport && transport.endedItself && !transport.exit?.error;
      if (transport instanceof StdioTransport) await transport.kill();
      else await transport.close().catch(() => undefined); // nothing was opened
      throw error;
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

/**
 * Why a server could not be started: its own sentence if it sent one, else how it ended, else what the client says; then
 * its last output. Call it before the transport is closed.
 */
export async function startFailure(
  launch: Launch,
  transport: StdioTransport | StreamableHTTPClientTransport,
  thrown: unknown,
): Promise<PatchbayError> {
  if (
    thrown instanceof UnauthorizedError ||
    (thrown instanceof SdkHttpError && (thrown.status === 401 || thrown.status === 403))
  )
    return new SignInNeeded(launch.name);
  for (let cause: unknown = thrown; cause instanceof Error; cause = cause.cause)
    if (cause instanceof PatchbayError) return cause;
  const said = thrown instanceof ProtocolError;
  if (transport instanceof StdioTransport && !said) await transport.whenEnded(EXIT_GRACE_MS);
  const message = timedOut(thrown)
    ? `it did not answer within ${launch.startMs} ms`
    : launch.redact(cutText(cleanText(thrown instanceof Error ? thrown.message : String(thrown)), 500));
  const why = said ? message : (processFailure(launch, transport, thrown) ?? message);
  const tail = transport instanceof StdioTransport ? lastOutput(transport, launch) : "";
  return new PatchbayError(
    "mcp_start_failed",
    `The MCP server "${launch.name}" could not be started: ${why.replace(/\.$/, "")}.${tail}`,
    { cause: thrown },
  );
}

function timedOut(thrown: unknown): boolean {
  return thrown instanceof SdkError && thrown.code === SdkErrorCode.RequestTimeout;
}

/** How a command failed, as part of a sentence; undefined while it runs. */
function processFailure(
  { stdio }: Launch,
  transport: StdioTransport | StreamableHTTPClientTransport,
  thrown: unknown,
): string | undefined {
  const exit = transport instanceof StdioTransport && transport.endedItself ? transport.exit : undefined;
  const code = ((exit?.error ?? thrown) as NodeJS.ErrnoException | undefined)?.code;
  if (stdio && code === "ENOENT") return `the command "${stdio.command}" or the folder "${stdio.cwd}" was not found`;
  if (stdio && code === "EACCES") return `"${stdio.command}" cannot be run: permission denied`;
  if (transport instanceof StdioTransport && transport.overflowed) return "it sent a line over 10 MB";
  if (!exit || exit.error) return undefined;
  return `it ended with ${exit.signal ? `signal ${exit.signal}` : `code ${exit.code}`}`;
}

/** What the server wrote last, as sentences for its admin. */
export function lastOutput(transport: StdioTransport, launch: Launch): string {
  const stderr = launch.redact(cleanText(transport.stderrTail.trim()));
  const stray = transport.strayLines
    ? ` It wrote ${transport.strayLines} lines to stdout that are not messages, the first: ${launch.redact(cleanText(transport.firstStray))}`
    : "";
  return (stderr ? ` It wrote: ${stderr}` : "") + stray;
}

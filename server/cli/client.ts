/**
 * Connects the command line to Patchbay: to the server at `PATCHBAY_SERVER`, to the server that runs on the data folder,
 * or to the app opened in this process. All use the HTTP API, with the same checks and errors.
 */
import { existsSync, readFileSync } from "node:fs";
import { EventSourceParserStream } from "eventsource-parser/stream";
import { type ErrorData, PatchbayError } from "../../runtime/error.ts";
import type { Env } from "../process/env.ts";
import { findServer, hasData, tokenFile } from "../process/server-file.ts";

export interface Client {
  /** Origin of the running server; absent when the app is open in this process. */
  origin?: string;
  /** Resolves with the response of any status. The body is sent as JSON, except forms and byte streams. */
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  /** Resolves with the JSON of the response. Rejects with the error of the response. */
  call<T>(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<T>;
  close(): Promise<void>;
}

const IN_PROCESS = "http://127.0.0.1";

/**
 * Rejects with a one-line error when the data folder or its token cannot be read. `create`: the command may start a new
 * data folder. Any other command works on existing data, so that a wrong folder is reported.
 */
export async function openClient(env: Env, { create = false } = {}): Promise<Client> {
  if (env.server !== undefined) {
    if (env.token === undefined)
      throw new PatchbayError(
        "unauthorized",
        `Set PATCHBAY_TOKEN to the admin token of ${env.server}. On its machine, it is in the file admin-token of the data folder.`,
      );
    return clientOf(reach(env.server), env.server, env.token, async () => undefined, env.server);
  }
  const origin = await findServer(env.dataDir);
  if (origin !== undefined) return clientOf(fetch, origin, env.token ?? readToken(env), async () => undefined, origin);
  if (!create && !hasData(env))
    throw new PatchbayError(
      "not_found",
      `There is no Patchbay data in ${env.dataDir}. Set PATCHBAY_DATA (or PATCHBAY_DATABASE_URL) as for the server, or PATCHBAY_SERVER to its address.`,
    );
  // Loaded only here: with a running server, a command does not need the server's code.
  const [{ buildApp }, { openAuth }, { openServices }] = await Promise.all([
    import("../app.ts"),
    import("../http/auth.ts"),
    import("../open-services.ts"),
  ]);
  const opened = await openServices(env, "cli");
  const auth = openAuth(env);
  const app = buildApp({ services: opened.services, auth, pages: (c) => c.notFound() });
  const send = async (url: string, init: RequestInit) => await app.fetch(new Request(url, init));
  return clientOf(send, IN_PROCESS, auth.token, () => opened.stop());
}

function clientOf(
  fetch: (url: string, init: RequestInit) => Promise<Response>,
  base: string,
  token: string,
  close: () => Promise<void>,
  origin?: string,
): Client {
  const send: Client["send"] = async (method, path, body, headers = {}) => {
    const raw = body instanceof FormData || body instanceof ReadableStream;
    return await fetch(base + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        host: new URL(base).host,
        ...(body !== undefined && !raw && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: raw ? body : JSON.stringify(body) }),
      ...(body instanceof ReadableStream && { duplex: "half" as const }),
    } as RequestInit);
  };
  return {
    ...(origin !== undefined && { origin }),
    send,
    async call<T>(...request: Parameters<typeof send>) {
      const response = await send(...request);
      if (!response.ok) throw await errorOf(response);
      return (response.status === 204 ? undefined : await response.json()) as T;
    },
    close,
  };
}

/** `fetch`, with an error that names the server when it does not respond. */
function reach(server: string): typeof fetch {
  return async (url, init) => {
    try {
      return await fetch(url, init);
    } catch (cause) {
      const { cause: inner, message } = cause as Error & { cause?: { code?: string } };
      throw new PatchbayError("unavailable", `${server} does not respond (${inner?.code ?? message}).`, { cause });
    }
  };
}

/** The error of a failed response. */
export async function errorOf(response: Response): Promise<PatchbayError> {
  const text = await response.text();
  try {
    const { error } = JSON.parse(text) as { error: ErrorData };
    return new PatchbayError(error.code, error.message, { path: error.path, issues: error.issues });
  } catch {
    return new PatchbayError("unavailable", `The server returned status ${response.status}: ${text.slice(0, 200)}`);
  }
}

function readToken(env: Env): string {
  const file = tokenFile(env.dataDir);
  if (!existsSync(file))
    throw new PatchbayError(
      "unauthorized",
      `The server on ${env.dataDir} was started with PATCHBAY_TOKEN. Set PATCHBAY_TOKEN to the same value.`,
    );
  return readFileSync(file, "utf8").trim();
}

/** Parses server-sent events. */
export async function* serverEvents(response: Response): AsyncGenerator<{ event: string; data: string }> {
  if (!response.body) return;
  const events = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  for await (const { event = "message", data } of events) yield { event, data };
}

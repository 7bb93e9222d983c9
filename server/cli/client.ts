/**
 * How the command line reaches Patchbay: the server that runs on the data folder, else the same app opened in this
 * process. Either way it speaks HTTP to it, so there is one way in, with the same checks and the same words.
 */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { EventSourceParserStream } from "eventsource-parser/stream";
import { type ErrorData, PatchbayError } from "../../runtime/error.ts";
import { buildApp } from "../app.ts";
import { openAuth, tokenFile } from "../http/auth.ts";
import { type Opened, openServices } from "../open-services.ts";
import type { Env } from "../process/env.ts";
import { findServer } from "../process/server-file.ts";

export interface Client {
  /** Address of the running server; absent where the app is open in this process. */
  origin?: string;
  /** The answer, whatever its status. A body is sent as JSON, a form or a stream of bytes as it is. */
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  /** The answer's JSON; rejects with the error it tells. */
  call<T>(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<T>;
  close(): Promise<void>;
}

const INSIDE = "http://127.0.0.1";

/** Rejects with one line where the data folder cannot be opened or its token not be read. */
export async function openClient(env: Env): Promise<Client> {
  const origin = await findServer(env.dataDir);
  if (origin !== undefined) return clientOf(fetch, origin, env.token ?? readToken(env), async () => undefined, origin);
  mkdirSync(env.dataDir, { recursive: true });
  const opened: Opened = await openServices(env);
  const auth = openAuth(env);
  const app = buildApp({ services: opened.services, auth, pages: (c) => c.notFound() });
  const send = async (url: string, init: RequestInit) => await app.fetch(new Request(url, init));
  return clientOf(send, INSIDE, auth.token, () => opened.stop());
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
      const answer = await send(...request);
      if (!answer.ok) throw await errorOf(answer);
      return (answer.status === 204 ? undefined : await answer.json()) as T;
    },
    close,
  };
}

/** The error that an answer tells. */
export async function errorOf(answer: Response): Promise<PatchbayError> {
  const text = await answer.text();
  try {
    const { error } = JSON.parse(text) as { error: ErrorData };
    return new PatchbayError(error.code, error.message, { path: error.path, issues: error.issues });
  } catch {
    return new PatchbayError("unavailable", `The server answered ${answer.status}: ${text.slice(0, 200)}`);
  }
}

function readToken(env: Env): string {
  const file = tokenFile(env.dataDir);
  if (!existsSync(file))
    throw new PatchbayError(
      "unauthorized",
      `A server runs on ${env.dataDir} with a token of its own: set PATCHBAY_TOKEN to the same.`,
    );
  return readFileSync(file, "utf8").trim();
}

/** The events of a server-sent stream: name and data. */
export async function* serverEvents(answer: Response): AsyncGenerator<{ event: string; data: string }> {
  if (!answer.body) return;
  const events = answer.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  for await (const { event = "message", data } of events) yield { event, data };
}

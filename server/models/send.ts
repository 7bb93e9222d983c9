/**
 * One request to a model's server over a pool of kept-alive connections. It uses undici's dispatcher: a published call
 * spends most of its time here, and `fetch` with web streams costs four times as much (the README has the numbers).
 */
import type { Agent, Dispatcher } from "undici";
import { cancelled, type Failure, failure, socketFailure, statusFailure } from "./failure.ts";

export interface ProviderLimits {
  /** From sending the request to the first byte of the response body. */
  firstByteMs: number;
  /** Between two chunks of the response. */
  idleMs: number;
  /** From sending the request to the end of the response. */
  wallMs: number;
  /** Of one line of a stream. */
  lineBytes: number;
  /** Of the whole response. */
  responseBytes: number;
}

export const PROVIDER_LIMITS: ProviderLimits = {
  firstByteMs: 30_000,
  idleMs: 30_000,
  wallMs: 600_000,
  lineBytes: 10 * 1024 * 1024,
  responseBytes: 200 * 1024 * 1024,
};

export interface ProviderRequest {
  /** Names the provider in messages, as `Provider "x"`. */
  label: string;
  model: string;
  method?: "GET" | "POST";
  url: URL;
  headers: Record<string, string>;
  body?: string;
}

/** Reads the response. Each method may return a failure, which ends the request. */
export interface ResponseReader {
  /** Called once, for a 2xx status. */
  head(
    contentType: string,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): Failure | undefined;
  /**
   * `done`: the completion is whole. `send` resolves, and waits briefly for the end so that the connection can be
   * reused.
   */
  data(chunk: Buffer): Failure | "done" | undefined;
  /** The end of the HTTP response. */
  end(): Failure | undefined;
}

/** Bytes of an error body that are read. */
const ERROR_BODY = 64 * 1024;
/** Sockets per origin; further requests are queued. */
const CONNECTIONS = 256;
const CONNECT_TIMEOUT_MS = 10_000;
/** How long a server may take to end a response after its completion is whole. */
const LINGER_MS = 1_000;

/** Connections that are reused, as far as `send` uses them. */
export interface Pool {
  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void;
  destroy(): Promise<void>;
}

/**
 * The pool that all models share. It takes no proxy from the environment and follows no redirect. undici is loaded at
 * the first request.
 */
export function createPool(): Pool {
  let agent: Agent | undefined;
  let loading: Promise<Agent> | undefined;
  return {
    dispatch(options, handler) {
      if (agent) agent.dispatch(options, handler);
      else {
        loading ??= openAgent();
        void loading.then((opened) => {
          agent = opened;
          agent.dispatch(options, handler);
        });
      }
    },
    async destroy() {
      await (await loading)?.destroy();
    },
  };
}

async function openAgent(): Promise<Agent> {
  const { Agent } = await import("undici");
  return new Agent({
    connections: CONNECTIONS,
    pipelining: 1,
    allowH2: false,
    connect: { timeout: CONNECT_TIMEOUT_MS },
    keepAliveTimeout: 30_000,
    // Our own timers are exact and distinguish the first byte from later silence.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
}

/**
 * Sends the request and feeds the response to `reader`. Resolves with undefined when the response was read to its end,
 * else with the failure; never rejects. On abort it resolves at once with code `cancelled` and closes the connection.
 */
export function send(
  pool: Pool,
  request: ProviderRequest,
  reader: ResponseReader,
  limits: ProviderLimits,
  signal: AbortSignal,
): Promise<Failure | undefined> {
  return new Promise((resolve) => {
    let controller: Dispatcher.DispatchController | undefined;
    let timer: NodeJS.Timeout | undefined;
    let settled = false;
    let startedAt = 0;
    let bytes = 0;
    let lineBytes = 0;
    let status = 0;
    let headers: Record<string, string | string[] | undefined> = {};
    let errorBody = "";

    const settle = (result: Failure | undefined): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      resolve(result);
    };
    const stop = (result: Failure): void => {
      settle(result);
      controller?.abort(new Error("stopped"));
    };
    const onAbort = (): void => stop(cancelled());
    const onSilence = (): void => {
      const { label } = request;
      if (bytes === 0) {
        stop(failure("first_byte_timeout", `${label} did not begin to respond within ${seconds(limits.firstByteMs)}.`));
      } else {
        stop(
          failure(
            "stream_stalled",
            `${label} sent nothing for ${seconds(limits.idleMs)} in the middle of its response.`,
          ),
        );
      }
    };

    if (signal.aborted) {
      resolve(cancelled());
      return;
    }
    signal.addEventListener("abort", onAbort);

    pool.dispatch(
      {
        origin: request.url.origin,
        path: request.url.pathname + request.url.search,
        method: request.method ?? "POST",
        headers: request.headers,
        body: request.body ?? null,
      },
      {
        onRequestStart(started) {
          controller = started;
          if (settled) {
            started.abort(new Error("stopped"));
            return;
          }
          startedAt = performance.now();
          timer = setTimeout(onSilence, limits.firstByteMs);
        },
        onResponseStart(_controller, statusCode, responseHeaders) {
          if (statusCode < 200) return;
          status = statusCode;
          headers = responseHeaders;
          if (status >= 300) return;
          const contentType = String(headers["content-type"] ?? "");
          const refused = reader.head(contentType, status, headers);
          if (refused) stop(refused);
        },
        onResponseData(_controller, chunk) {
          if (settled) return;
          if (bytes === 0) {
            clearTimeout(timer);
            timer = setTimeout(onSilence, limits.idleMs);
          } else timer?.refresh();
          bytes += chunk.length;
          if (status >= 300) {
            if (errorBody.length < ERROR_BODY) errorBody += chunk.toString("utf8");
            return;
          }
          lineBytes = bytesOfLastLine(chunk, lineBytes);
          const { label } = request;
          if (lineBytes > limits.lineBytes) {
            stop(failure("bad_response", `${label} sent a line of more than ${megabytes(limits.lineBytes)}.`));
          } else if (bytes > limits.responseBytes) {
            stop(failure("bad_response", `${label} sent a response of more than ${megabytes(limits.responseBytes)}.`));
          } else if (performance.now() - startedAt > limits.wallMs) {
            stop(failure("time_limit", `${label} had not finished its response after ${seconds(limits.wallMs)}.`));
          } else {
            const refused = reader.data(chunk);
            if (refused === "done") {
              settle(undefined);
              timer = setTimeout(() => controller?.abort(new Error("stopped")), LINGER_MS);
            } else if (refused) stop(refused);
          }
        },
        onResponseEnd() {
          if (settled) {
            clearTimeout(timer);
            return;
          }
          if (status >= 300) {
            const { label, model } = request;
            settle(statusFailure(label, model, status, headers, errorBody, Date.now()));
          } else settle(reader.end());
        },
        onResponseError(_controller, error) {
          clearTimeout(timer);
          settle(socketFailure(request.label, error, bytes > 0));
        },
      },
    );
  });
}

/** Bytes since the last line end after this chunk; `before` is that number before it. */
function bytesOfLastLine(chunk: Buffer, before: number): number {
  const end = Math.max(chunk.lastIndexOf(10), chunk.lastIndexOf(13));
  return end < 0 ? before + chunk.length : chunk.length - end - 1;
}

function seconds(ms: number): string {
  return ms >= 1000 ? `${Math.round(ms / 1000)} s` : `${ms} ms`;
}

function megabytes(bytes: number): string {
  return bytes >= 1024 * 1024 ? `${Math.round(bytes / 1024 / 1024)} MB` : `${bytes} bytes`;
}

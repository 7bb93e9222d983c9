/** The HTTP client for graphs, tools and imports: `GuardedFetch` with limits on size and time. */
import { PatchbayError } from "../../runtime/error.ts";
import type { HttpRequest } from "../../runtime/host.ts";
import { bareHost } from "./address.ts";
import { createGuard, type Guard, type GuardedFetch, type NetOptions } from "./guarded-fetch.ts";
import type { SafeFetch } from "./service.ts";

/** Size limit of a response body, after decompression. */
export const MAX_BODY = 5 * 1024 * 1024;
export const DEFAULT_TIMEOUT_MS = 30_000;
export const MAX_TIMEOUT_MS = 10 * 60_000;

/** A request whose body may be bytes. Its headers are complete: see `sendWithSecrets`. */
export type BinaryRequest = Omit<HttpRequest, "body"> & { body?: string | Uint8Array };

export interface BinaryResponse {
  status: number;
  headers: Record<string, string>;
  bytes: Uint8Array;
  truncated?: boolean;
}

export interface Net extends Guard {
  /** See `SafeFetch`. At most `MAX_BODY` bytes, decoded by the charset of the response. */
  safeFetch: SafeFetch;
  /** The same for binary responses. */
  download(request: BinaryRequest, signal: AbortSignal, maxBytes?: number): Promise<BinaryResponse>;
}

/**
 * Both functions reject like `GuardedFetch`, with `tool_timeout` after `timeoutMs` (default 30 s, from the request to the
 * last byte), and with the signal's reason on abort. They resolve with a response of any status.
 */
export function createNet(options: NetOptions = {}): Net {
  const guard = createGuard(options);
  const download: Net["download"] = (request, signal, maxBytes = MAX_BODY) =>
    downloadWith(guard.fetch, request, signal, maxBytes);
  return {
    ...guard,
    download,
    safeFetch: async (request, signal) => {
      const { bytes, ...response } = await download(request, signal);
      return { ...response, body: decode(bytes, response.headers["content-type"] ?? "") };
    },
  };
}

async function downloadWith(
  fetch: GuardedFetch,
  request: BinaryRequest,
  signal: AbortSignal,
  maxBytes: number,
): Promise<BinaryResponse> {
  if (request.secretHeaders) throw new Error("The secret headers of a request were not filled.");
  const timeoutMs = Math.min(Math.max(request.timeoutMs ?? DEFAULT_TIMEOUT_MS, 1), MAX_TIMEOUT_MS);
  const timeout = AbortSignal.timeout(timeoutMs);
  const both = AbortSignal.any([signal, timeout]);
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers: request.headers,
      body: request.body,
      signal: both,
    });
    const { bytes, truncated } = await readCapped(response, maxBytes);
    const result: BinaryResponse = { status: response.status, headers: Object.fromEntries(response.headers), bytes };
    if (truncated) result.truncated = true;
    return result;
  } catch (thrown) {
    if (signal.aborted) throw signal.reason;
    const host = URL.canParse(request.url) ? bareHost(new URL(request.url)) : request.url;
    if (timeout.aborted)
      throw new PatchbayError("tool_timeout", `${host} did not respond completely within ${timeoutMs} ms.`);
    if (thrown instanceof PatchbayError) throw thrown;
    throw new PatchbayError("tool_failed", `The response of ${host} was interrupted: ${reason(thrown)}.`, {
      cause: thrown,
    });
  }
}

/** Reads at most `maxBytes` of the (decompressed) body and cancels the rest. */
export async function readCapped(
  response: Response,
  maxBytes: number,
): Promise<{ bytes: Uint8Array; truncated: boolean }> {
  if (!response.body) return { bytes: new Uint8Array(), truncated: false };
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { bytes: Buffer.concat(chunks, length), truncated: false };
    chunks.push(value);
    length += value.byteLength;
    if (length > maxBytes) {
      await reader.cancel().catch(() => undefined); // Already closed.
      return { bytes: Buffer.concat(chunks, length).subarray(0, maxBytes), truncated: true };
    }
  }
}

/** Decodes bytes by the content type's charset; UTF-8 when it is absent or unknown. */
export function decode(bytes: Uint8Array, contentType: string): string {
  const charset = /charset="?([\w:.-]+)/i.exec(contentType)?.[1] ?? "utf-8";
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return new TextDecoder().decode(bytes); // Unknown charset.
  }
}

function reason(thrown: unknown): string {
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
  return cause instanceof Error ? cause.message : String(cause);
}

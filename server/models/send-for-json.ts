/** Requests with a small JSON response: a model list, embeddings. */
import { PatchbayError } from "../../runtime/error.ts";
import { cancelled, type Failure, failure } from "./failure.ts";
import { type Pool, type ProviderLimits, type ProviderRequest, type ResponseReader, send } from "./send.ts";

/** The parsed response, or the failure. Never rejects. */
export async function sendForJson(
  pool: Pool,
  request: ProviderRequest,
  limits: ProviderLimits,
  signal: AbortSignal,
): Promise<{ value: unknown } | { failure: Failure }> {
  if (signal.aborted) return { failure: cancelled() };
  const reader = new JsonReader(request.label);
  let broken = await send(pool, request, reader, limits, signal);
  // The server may have closed the kept-alive connection while it was idle.
  if (broken?.error.code === "connection_lost" && !reader.began)
    broken = await send(pool, request, reader, limits, signal);
  return broken ? { failure: broken } : { value: reader.value };
}

export function toError(failed: Failure): PatchbayError {
  return new PatchbayError(failed.error.code, failed.error.message, {
    retryAfter: failed.afterMs === undefined ? undefined : Math.ceil(failed.afterMs / 1000),
  });
}

class JsonReader implements ResponseReader {
  readonly #label: string;
  #chunks: Buffer[] = [];
  value: unknown;

  get began(): boolean {
    return this.#chunks.length > 0;
  }

  constructor(label: string) {
    this.#label = label;
  }
  head(): undefined {}
  data(chunk: Buffer): undefined {
    this.#chunks.push(chunk);
  }
  end(): Failure | undefined {
    try {
      this.value = JSON.parse(Buffer.concat(this.#chunks).toString("utf8"));
      return undefined;
    } catch {
      return failure(
        "bad_response",
        `${this.#label} sent a response that is not JSON. Check the base URL (it often ends in /v1).`,
      );
    }
  }
}

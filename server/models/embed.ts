/** Embeddings of an OpenAI-compatible endpoint: batched, retried and validated. */
import { PatchbayError } from "../../runtime/error.ts";
import type { RetryPolicy } from "./chat.ts";
import { type Failure, failure } from "./failure.ts";
import { type EndpointOptions, endpoint, jsonHeaders } from "./openai-compatible.ts";
import { sendForJson, toError } from "./send-for-json.ts";

/** Texts per request. An endpoint that accepts fewer (DashScope: 10) refuses, and the batch is halved. */
const BATCH = 32;

/**
 * One vector per text, in order, all of the same length. Rejects with a model's error code, or with the signal's
 * reason.
 */
export async function embedTexts(
  options: Pick<EndpointOptions, "label" | "baseUrl" | "pool" | "limits">,
  policy: RetryPolicy,
  model: string,
  key: string | undefined,
  texts: string[],
  signal: AbortSignal,
): Promise<number[][]> {
  const vectors: number[][] = [];
  let size = BATCH;
  while (vectors.length < texts.length) {
    signal.throwIfAborted();
    const batch = texts.slice(vectors.length, vectors.length + size);
    const result = await withRetries(() => requestEmbeddings(options, model, key, batch, signal), policy, signal);
    if ("vectors" in result) vectors.push(...result.vectors);
    else if (batch.length > 1 && BATCH_TOO_LARGE.has(result.failure.error.code)) size = Math.ceil(batch.length / 2);
    else {
      signal.throwIfAborted();
      throw toError(result.failure);
    }
  }
  const length = vectors[0]?.length;
  if (vectors.some((vector) => vector.length !== length)) {
    throw new PatchbayError("bad_response", `${options.label} sent embeddings of different lengths for "${model}".`);
  }
  return vectors;
}

/** Codes of responses to a batch that is too large. */
const BATCH_TOO_LARGE: ReadonlySet<string> = new Set(["bad_response", "context_overflow"]);

type EmbedResult = { vectors: number[][] } | { failure: Failure };

async function requestEmbeddings(
  options: Pick<EndpointOptions, "label" | "baseUrl" | "pool" | "limits">,
  model: string,
  key: string | undefined,
  texts: string[],
  signal: AbortSignal,
): Promise<EmbedResult> {
  const result = await sendForJson(
    options.pool,
    {
      label: options.label,
      model,
      url: endpoint(options.baseUrl, "/embeddings"),
      headers: jsonHeaders(key),
      body: JSON.stringify({ model, input: texts, encoding_format: "float" }),
    },
    options.limits,
    signal,
  );
  if ("failure" in result) return result;
  const vectors = readVectors(result.value, texts.length);
  if (vectors) return { vectors };
  return {
    failure: failure(
      "bad_response",
      `${options.label} sent no usable embeddings for "${model}": is it an embedding model?`,
    ),
  };
}

/** In the order of the texts; undefined unless each text has a list of finite numbers. */
function readVectors(value: unknown, count: number): number[][] | undefined {
  const data = (value as { data?: unknown } | null)?.data;
  if (!Array.isArray(data) || data.length !== count) return undefined;
  const vectors = new Array<number[] | undefined>(count);
  for (const [place, row] of data.entries()) {
    const index = typeof row?.index === "number" ? row.index : place;
    const vector: unknown = row?.embedding;
    if (!Array.isArray(vector) || !vector.length || !vector.every((number) => Number.isFinite(number)))
      return undefined;
    if (index < 0 || index >= count) return undefined;
    vectors[index] = vector;
  }
  return vectors.every((vector) => vector !== undefined) ? (vectors as number[][]) : undefined;
}

async function withRetries(
  call: () => Promise<EmbedResult>,
  policy: RetryPolicy,
  signal: AbortSignal,
): Promise<EmbedResult> {
  for (let made = 0; ; made++) {
    const result = await call();
    if ("vectors" in result || !result.failure.retry || made >= policy.retries) return result;
    const asked = result.failure.afterMs ?? 0;
    if (asked > policy.maxWaitMs) return result;
    await policy.sleep(Math.max(asked, policy.backoffMs * 2 ** made * (0.5 + policy.random())), signal);
  }
}

/** Lists the models of an endpoint. */
import { failure } from "./failure.ts";
import type { EndpointOptions } from "./openai-compatible.ts";
import { endpoint } from "./openai-compatible.ts";
import { sendForJson, toError } from "./send-for-json.ts";

const ANTHROPIC_VERSION = "2023-06-01";
/** Further names are left out: a longer list is of no use to a person. */
const MAX_MODELS = 2_000;

export interface ListedModel {
  id: string;
  /** Most tokens of prompt and answer together, where the list says it. */
  contextTokens?: number;
}

/** In the endpoint's order. Rejects with a model's error code. */
export async function listModels(
  options: Pick<EndpointOptions, "label" | "baseUrl" | "pool" | "limits"> & { anthropic: boolean },
  key: string | undefined,
  signal: AbortSignal,
): Promise<ListedModel[]> {
  const { label, baseUrl, pool, limits, anthropic } = options;
  const headers: Record<string, string> = { accept: "application/json" };
  if (anthropic) {
    headers["anthropic-version"] = ANTHROPIC_VERSION;
    if (key) headers["x-api-key"] = key;
  } else if (key) headers.authorization = `Bearer ${key}`;
  const request = { label, model: "", method: "GET" as const, url: endpoint(baseUrl, "/models"), headers };
  const result = await sendForJson(pool, request, limits, signal);
  if ("failure" in result) {
    if (result.failure.error.code === "model_not_found") {
      throw toError(
        failure(
          "model_not_found",
          `${label} has no list of models at its base URL (HTTP 404). Check the base URL: it often ends in /v1.`,
        ),
      );
    }
    throw toError(result.failure);
  }
  const value = result.value as { data?: unknown; models?: unknown } | unknown[] | null;
  const rows = Array.isArray(value) ? value : (value?.data ?? value?.models);
  if (!Array.isArray(rows))
    throw toError(failure("bad_response", `${label} sent a list of models that cannot be read.`));
  const models = new Map<string, ListedModel>();
  for (const row of rows as unknown[]) {
    const fields = (typeof row === "object" && row !== null ? row : { id: row }) as Record<string, unknown>;
    const id = fields.id ?? fields.name;
    if (typeof id !== "string" || id === "" || id.length > 200 || models.has(id)) continue;
    if (models.size >= MAX_MODELS) break;
    const contextTokens = CONTEXT_KEYS.map((key) => fields[key]).find(isContext);
    models.set(id, { id, ...(contextTokens !== undefined && { contextTokens }) });
  }
  return [...models.values()];
}

/** vLLM and SGLang; OpenRouter and Together; Groq; Mistral and LM Studio. */
const CONTEXT_KEYS = ["max_model_len", "context_length", "context_window", "max_context_length"] as const;

function isContext(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 256 && (value as number) <= 100_000_000;
}

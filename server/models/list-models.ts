/** Lists the models of an endpoint. */
import { failure } from "./failure.ts";
import type { EndpointOptions } from "./openai-compatible.ts";
import { endpoint } from "./openai-compatible.ts";
import { sendForJson, toError } from "./send-for-json.ts";

const ANTHROPIC_VERSION = "2023-06-01";
/** Further names are left out: a longer list is of no use to a person. */
const MAX_MODELS = 2_000;

/** Ids in the endpoint's order. Rejects with a model's error code. */
export async function listModels(
  options: EndpointOptions & { anthropic: boolean },
  key: string | undefined,
  signal: AbortSignal,
): Promise<string[]> {
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
  const ids = rows
    .map((row: unknown) =>
      typeof row === "string"
        ? row
        : ((row as { id?: unknown; name?: unknown })?.id ?? (row as { name?: unknown })?.name),
    )
    .filter((id): id is string => typeof id === "string" && id !== "" && id.length <= 200);
  return [...new Set(ids)].slice(0, MAX_MODELS);
}

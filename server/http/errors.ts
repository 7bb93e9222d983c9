/** Maps error codes to HTTP statuses, and errors to responses. */
import { type ErrorCode, errorData, PatchbayError } from "../../runtime/error.ts";

/** Codes that are not listed are 500. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  bad_request: 400,
  bad_json: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  gone: 410,
  too_large: 413,
  unsupported_media_type: 415,
  graph_has_issues: 422,
  precondition_required: 428,
  rate_limited: 429,
  quota_exceeded: 429,
  queue_full: 429,
  secret_missing: 422,
  model_missing: 422,
  knowledge_missing: 422,
  bad_arguments: 422,
  tool_not_allowed: 422,
  address_blocked: 422,
  mcp_start_failed: 502,
  mcp_failed: 502,
  tool_failed: 502,
  tool_timeout: 504,
  auth_failed: 502,
  model_not_found: 502,
  provider_rate_limited: 502,
  provider_unavailable: 502,
  bad_response: 502,
  connection_lost: 502,
  first_byte_timeout: 504,
  stream_stalled: 504,
  unavailable: 503,
  storage_full: 507,
};

export function statusOf(code: ErrorCode): number {
  return STATUS[code] ?? 500;
}

/**
 * Any thrown value as an HTTP response. A value other than `PatchbayError` becomes `internal` without its message,
 * which could contain private data, and is passed to `report` (the server's log).
 */
export function errorResponse(thrown: unknown, report: (thrown: unknown) => void): Response {
  const known = thrown instanceof PatchbayError;
  if (!known || thrown.code === "internal") report(thrown);
  const error = known
    ? errorData(thrown)
    : { code: "internal" as const, message: "Internal server error. See the server's log." };
  const headers: Record<string, string> = {
    "content-type": "application/json; charset=utf-8",
    "cache-control": "no-store",
  };
  if (known && thrown.retryAfter !== undefined)
    headers["retry-after"] = String(Math.max(1, Math.ceil(thrown.retryAfter)));
  if (known && thrown.code === "unauthorized") headers["www-authenticate"] = 'Bearer realm="patchbay"';
  return new Response(JSON.stringify({ error }), { status: statusOf(error.code), headers });
}

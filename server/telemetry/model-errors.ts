import type { ErrorCode } from "../../runtime/error.ts";

/** Codes of failures of a model call. */
export const MODEL_ERRORS: ReadonlySet<ErrorCode> = new Set([
  "auth_failed",
  "model_not_found",
  "provider_rate_limited",
  "provider_unavailable",
  "context_overflow",
  "first_byte_timeout",
  "stream_stalled",
  "connection_lost",
  "bad_response",
  "refused",
  "output_limit",
]);

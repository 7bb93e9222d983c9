/** The one error class of the project, and the closed list of its codes. The server maps codes to HTTP in one table. */
import type { Issue } from "./issue.ts";

/** Codes of failed model calls. */
export const MODEL_ERROR_CODES = [
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
] as const;

export const ERROR_CODES = [
  // the request
  "bad_request",
  "bad_json",
  "unauthorized",
  "forbidden",
  "not_found",
  "conflict",
  "precondition_required",
  "gone",
  "too_large",
  "unsupported_media_type",
  "graph_has_issues",
  "rate_limited",
  "quota_exceeded",
  "queue_full",
  // the setup
  "secret_missing",
  "model_missing",
  "knowledge_missing",
  ...MODEL_ERROR_CODES,
  // tools
  "tool_not_allowed",
  "bad_arguments",
  "tool_failed",
  "tool_timeout",
  "mcp_start_failed",
  "mcp_failed",
  "address_blocked",
  "rejected",
  // sandboxed code
  "code_failed",
  "code_timeout",
  "code_memory",
  // limits of a run
  "step_limit",
  "tool_call_limit",
  "token_limit",
  "cost_limit",
  "time_limit",
  "nesting_limit",
  "loop_detected",
  "invalid_output",
  // the process
  "cancelled",
  "unavailable",
  "storage_full",
  "internal",
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** An error in an event, a result or an HTTP body. Contains no stack and no secret. */
export interface ErrorData {
  code: ErrorCode;
  message: string;
  path?: string;
  issues?: Issue[];
}

/** Thrown for every failure that a caller or a person reads. `message` says what is wrong, where, and how to fix it. */
export class PatchbayError extends Error {
  readonly code: ErrorCode;
  /** JSON pointer into the request, if known. */
  readonly path?: string;
  readonly issues?: Issue[];
  /** Seconds after which a caller may try again (rate limits). */
  readonly retryAfter?: number;

  constructor(
    code: ErrorCode,
    message: string,
    more: { path?: string; issues?: Issue[]; cause?: unknown; retryAfter?: number } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = "PatchbayError";
    this.code = code;
    this.path = more.path;
    this.issues = more.issues;
    this.retryAfter = more.retryAfter;
  }

  toData(): ErrorData {
    const data: ErrorData = { code: this.code, message: this.message };
    if (this.path !== undefined) data.path = this.path;
    if (this.issues !== undefined) data.issues = this.issues;
    return data;
  }
}

export function isModelError(code: ErrorCode): boolean {
  return (MODEL_ERROR_CODES as readonly ErrorCode[]).includes(code);
}

/** Any thrown value as `ErrorData`. A value that is not ours is `internal` and keeps only its message. */
export function errorData(thrown: unknown): ErrorData {
  if (thrown instanceof PatchbayError) return thrown.toData();
  return { code: "internal", message: thrown instanceof Error ? thrown.message : String(thrown) };
}

/** Errors in OpenAI's format. */
import { type ErrorCode, type ErrorData, errorData, PatchbayError } from "../../../runtime/error.ts";
import { errorResponse, statusOf } from "../../http/errors.ts";
import { hostedError } from "../view.ts";

/** Whether errors of this path have OpenAI's format, including those of the guard. */
export function isOpenAiPath(path: string): boolean {
  return /^\/v1\/(?:chat\/completions|models|responses)(?:\/|$)/.test(path);
}

export interface OpenAiError {
  message: string;
  type: string;
  param: string | null;
  code: string | null;
}

const CODES: Partial<Record<ErrorCode, string>> = {
  unauthorized: "invalid_api_key",
  rate_limited: "rate_limit_exceeded",
  quota_exceeded: "insufficient_quota",
  context_overflow: "context_length_exceeded",
};

export function openAiError(error: ErrorData): OpenAiError {
  const status = statusOf(error.code);
  const type =
    status === 401
      ? "authentication_error"
      : status === 403
        ? "permission_error"
        : status === 429
          ? "rate_limit_error"
          : status < 500 || status === 422
            ? "invalid_request_error"
            : "server_error";
  return {
    message: error.message,
    type,
    param: error.path ? paramOf(error.path) : null,
    code: CODES[error.code] ?? error.code,
  };
}

/** Any thrown value as a response. Unexpected errors are passed to `report` and not disclosed. */
export function openAiErrorResponse(thrown: unknown, report: (thrown: unknown) => void): Response {
  const plain = errorResponse(thrown, report);
  const known = thrown instanceof PatchbayError;
  const error = known
    ? errorData(thrown)
    : { code: "internal" as const, message: "Internal server error. See the server's log." };
  return new Response(JSON.stringify({ error: openAiError(error) }), { status: plain.status, headers: plain.headers });
}

/**
 * The response for a failed run. OpenAI's clients retry after a 5xx status. A retry would start another run and repeat
 * the effects of its tools, so `x-should-retry: false` prevents it.
 */
export function failedRunResponse(failed: ErrorData, run: string): Response {
  const error = hostedError(failed);
  return new Response(JSON.stringify({ error: openAiError(error), patchbay: { run, status: "failed" } }), {
    status: statusOf(error.code),
    headers: {
      "content-type": "application/json; charset=utf-8",
      "cache-control": "no-store",
      "x-should-retry": "false",
      "x-run-id": run,
    },
  });
}

/** `/messages/0/content` → `messages[0].content` */
function paramOf(pointer: string): string {
  return pointer
    .split("/")
    .slice(1)
    .map((part, index) => (/^\d+$/.test(part) ? `[${part}]` : index ? `.${part}` : part))
    .join("");
}

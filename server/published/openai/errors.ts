/** Errors in the shape that OpenAI's clients read. */
import { type ErrorCode, type ErrorData, errorData, PatchbayError } from "../../../runtime/error.ts";
import { errorResponse, statusOf } from "../../http/errors.ts";
import { hostedError } from "../view.ts";

/** Paths whose errors are told in this shape, those of the gate included. */
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

/** Any thrown value as an answer; what is not ours goes to `report` and is not told. */
export function openAiErrorResponse(thrown: unknown, report: (thrown: unknown) => void): Response {
  const plain = errorResponse(thrown, report);
  const known = thrown instanceof PatchbayError;
  const error = known
    ? errorData(thrown)
    : { code: "internal" as const, message: "Something went wrong in the server; its log says what." };
  return new Response(JSON.stringify({ error: openAiError(error) }), { status: plain.status, headers: plain.headers });
}

/**
 * The answer for a run that failed. OpenAI's clients send a call again by themselves after a 5xx: that would be another
 * run, with all that its tools do, so they are told not to.
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
    .map((part, place) => (/^\d+$/.test(part) ? `[${part}]` : place ? `.${part}` : part))
    .join("");
}

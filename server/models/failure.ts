/** What can go wrong between us and a model's server, as data: what to tell, and whether to try again. */
import type { ErrorCode, ErrorData } from "../../runtime/error.ts";

export interface Failure {
  error: ErrorData;
  /** The same request may succeed if it is sent again. */
  retry: boolean;
  /** Milliseconds that the server asked to wait (`Retry-After`). */
  afterMs?: number;
}

/** Characters of a server's own words that are passed on. */
const MAX_DETAIL = 300;

export function failure(code: ErrorCode, message: string, more: { retry?: boolean; afterMs?: number } = {}): Failure {
  return { error: { code, message }, retry: more.retry ?? false, afterMs: more.afterMs };
}

export function cancelled(): Failure {
  return failure("cancelled", "The call was cancelled.");
}

/**
 * A failure from an HTTP status and the body that came with it. `who` names the provider in the message; addresses in
 * the server's own words are left out, because the message may reach callers of a published agent.
 */
export function statusFailure(
  label: string,
  model: string,
  status: number,
  headers: Record<string, string | string[] | undefined>,
  body: string,
  now: number,
): Failure {
  const said = serverDetail(body);
  const quote = said ? `: ${said}` : ".";
  if (status === 401 || status === 403) {
    return failure(
      "auth_failed",
      `${label} refused the API key (HTTP ${status}). Check the provider's key under Models.`,
    );
  }
  if (status === 402) {
    return failure(
      "auth_failed",
      `${label} asks for payment (HTTP 402): the account of this API key has no credit left.`,
    );
  }
  if (status >= 300 && status < 400) {
    return failure(
      "bad_response",
      `${label} answered with a redirect (HTTP ${status}). Enter the final address as base URL.`,
    );
  }
  if (isContextOverflow(status, said)) {
    return failure("context_overflow", `The prompt is longer than ${model} takes${quote}`);
  }
  if (status === 404) {
    return failure(
      "model_not_found",
      `${label} does not know the model "${model}" or has no chat completions at its base URL (HTTP 404)${quote}`,
    );
  }
  if (status === 429) {
    const quota = /insufficient_quota|exceeded your current quota|billing/i.test(body);
    return failure("provider_rate_limited", `${label} limits requests (HTTP 429)${quote}`, {
      retry: !quota,
      afterMs: retryAfterMs(header(headers, "retry-after"), now),
    });
  }
  if (status >= 500 || status === 408 || status === 425) {
    return failure("provider_unavailable", `${label} is failing (HTTP ${status})${quote}`, {
      retry: true,
      afterMs: retryAfterMs(header(headers, "retry-after"), now),
    });
  }
  return failure("bad_response", `${label} refused the request (HTTP ${status})${quote}`);
}

/** A failure from an error object inside a stream or body that began with status 200. */
export function bodyFailure(label: string, model: string, error: unknown): Failure {
  const said = serverDetail(JSON.stringify({ error }));
  const quote = said ? `: ${said}` : ".";
  const code = typeof error === "object" && error !== null ? String((error as Record<string, unknown>).code ?? "") : "";
  const kind = typeof error === "object" && error !== null ? String((error as Record<string, unknown>).type ?? "") : "";
  const text = `${code} ${kind} ${said}`;
  if (isContextOverflow(400, text))
    return failure("context_overflow", `The prompt is longer than ${model} takes${quote}`);
  if (/\b429\b|rate.?limit/i.test(text))
    return failure("provider_rate_limited", `${label} limits requests${quote}`, { retry: true });
  if (/\b40[13]\b|authentication|permission|api.?key/i.test(`${code} ${kind}`)) {
    return failure("auth_failed", `${label} refused the API key. Check the provider's key under Models.`);
  }
  return failure("provider_unavailable", `${label} broke off its answer with an error${quote}`, { retry: true });
}

const CERTIFICATE = /^(CERT_|ERR_TLS|ERR_SSL|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH)/;

/** A failure from what the socket or the name service said. `started`: bytes of an answer had come. */
export function socketFailure(label: string, error: Error & { code?: string }, started: boolean): Failure {
  const code = error.code ?? (error.cause as { code?: string } | undefined)?.code ?? "";
  if (CERTIFICATE.test(code)) {
    return failure(
      "provider_unavailable",
      `${label}'s certificate is not trusted (${code}). Mend the certificate; there is no way around the check.`,
    );
  }
  const reason: Record<string, string> = {
    ECONNREFUSED: "nothing listens at its address: is it running?",
    ENOTFOUND: "its host name does not exist: check the base URL.",
    EAI_AGAIN: "the name service does not answer: check the network.",
    UND_ERR_CONNECT_TIMEOUT: "connecting took too long.",
    EHOSTUNREACH: "its host cannot be reached.",
    ENETUNREACH: "its network cannot be reached.",
  };
  if (reason[code])
    return failure("provider_unavailable", `${label} cannot be reached: ${reason[code]}`, { retry: true });
  const when = started ? "in the middle of an answer" : "before it answered";
  return failure("connection_lost", `${label} closed the connection ${when}.`, { retry: true });
}

/** Milliseconds from `Retry-After` (seconds or an HTTP date); undefined when absent or not understood. */
export function retryAfterMs(value: string | undefined, now: number): number | undefined {
  if (!value) return undefined;
  if (/^\s*\d+(\.\d+)?\s*$/.test(value)) return Number(value) * 1000;
  const at = /^[A-Za-z]{3},/.test(value.trim()) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

function isContextOverflow(status: number, said: string): boolean {
  if (status === 413) return true;
  if (status !== 400 && status !== 422 && status !== 500) return false;
  return /context.?(length|window|size)|maximum context|prompt is too long|too many tokens|exceeds? the (available )?context|input is too long|max_prompt_tokens|range of input length/i.test(
    said,
  );
}

/** The sentence in an error body, on one line, without addresses, at most 300 characters. */
export function serverDetail(body: string): string {
  let text = body;
  try {
    const value: unknown = JSON.parse(body);
    text = findMessage(value) ?? "";
  } catch {
    if (/<html|<!doctype/i.test(body)) return "";
  }
  const line = text
    .replaceAll(/https?:\/\/\S+/g, "")
    .replaceAll(/[\s\p{Cc}]+/gu, " ")
    .trim();
  return line.length > MAX_DETAIL ? `${line.slice(0, MAX_DETAIL)}…` : line;
}

function findMessage(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return findMessage(value[0]);
  if (typeof value !== "object" || value === null) return undefined;
  const record = value as Record<string, unknown>;
  return (
    findMessage(record.error) ?? findMessage(record.message) ?? findMessage(record.detail) ?? findMessage(record.msg)
  );
}

function header(headers: Record<string, string | string[] | undefined>, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

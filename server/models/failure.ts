/** Failures of a request to a model's server as data: the message, and whether to retry. */
import type { ErrorCode, ErrorData } from "../../runtime/error.ts";
import { type Overflow, readOverflow } from "./overflow.ts";

export interface Failure {
  error: ErrorData;
  /** The same request may succeed when it is sent again. */
  retry: boolean;
  /** Milliseconds that the server asked to wait (`Retry-After`). */
  afterMs?: number;
  /** What the server said, for finding out what it does not accept. Never shown. */
  said?: Said;
}

export interface Said {
  /** 0 when the server sent no status. */
  status: number;
  text: string;
  /** Names of parameters that the server pointed at. */
  params: string[];
  /** Of a refusal for length. */
  overflow: Overflow;
}

/** Characters of a server's own message that are passed on, and that are looked at. */
const MAX_DETAIL = 300;
const MAX_SAID = 4_000;

export function failure(code: ErrorCode, message: string, more: { retry?: boolean; afterMs?: number } = {}): Failure {
  return { error: { code, message }, retry: more.retry ?? false, afterMs: more.afterMs };
}

export function cancelled(): Failure {
  return failure("cancelled", "The call was cancelled.");
}

/**
 * A failure from an HTTP status and its body. `label` names the provider in the message. Addresses in the server's own
 * message are removed, because callers of a published agent may read it.
 */
export function statusFailure(
  label: string,
  model: string,
  status: number,
  headers: Record<string, string | string[] | undefined>,
  body: string,
  now: number,
): Failure {
  return withSaid(classified(label, model, status, headers, body, now), status, body);
}

function classified(
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
      `${label} responded with a redirect (HTTP ${status}). Enter the final address as base URL.`,
    );
  }
  if (isContextOverflow(status, said)) return overflow(model, body);
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

/** A failure from an error object inside a response with status 200. */
export function bodyFailure(label: string, model: string, error: unknown): Failure {
  const body = JSON.stringify({ error });
  const { code, type, status } = (typeof error === "object" && error !== null ? error : {}) as Record<string, unknown>;
  const number = [code, status].map(Number).find((one) => one >= 400 && one < 600) ?? 0;
  return withSaid(bodyClassified(label, model, body, String(code ?? ""), String(type ?? ""), number), number, body);
}

function bodyClassified(
  label: string,
  model: string,
  body: string,
  code: string,
  kind: string,
  status: number,
): Failure {
  const said = serverDetail(body);
  const quote = said ? `: ${said}` : ".";
  const text = `${code} ${kind} ${said}`;
  if (isContextOverflow(400, text)) return overflow(model, body);
  if (/\b429\b|rate.?limit/i.test(text))
    return failure("provider_rate_limited", `${label} limits requests${quote}`, { retry: true });
  if (/\b40[13]\b|authentication|permission|api.?key/i.test(`${code} ${kind}`)) {
    return failure("auth_failed", `${label} refused the API key. Check the provider's key under Models.`);
  }
  if (status === 400 || status === 422 || /bad.?request|invalid_request/i.test(kind))
    return failure("bad_response", `${label} refused the request${quote}`);
  return failure("provider_unavailable", `${label} ended its response with an error${quote}`, { retry: true });
}

/** One sentence with the model's own limit, where the server named it. */
function overflow(model: string, body: string): Failure {
  const said = serverDetail(body);
  const { context, prompt } = readOverflow(said, body);
  const advice = "Shorten it, put long texts into knowledge, or choose a model with a larger context.";
  if (context !== undefined && prompt !== undefined) {
    return failure(
      "context_overflow",
      prompt >= context
        ? `The prompt is too long for ${model}: it has ${prompt} tokens, and the model takes ${context}. ${advice}`
        : `The prompt and its answer are too long for ${model}: the prompt has ${prompt} tokens, and the model takes ${context} for both. ${advice}`,
    );
  }
  const limit = context === undefined ? "" : `, which takes ${context} tokens`;
  return failure(
    "context_overflow",
    `The prompt is too long for ${model}${limit}${said ? `: ${said}` : `. ${advice}`}`,
  );
}

function withSaid(failed: Failure, status: number, body: string): Failure {
  const text = textOf(body).slice(0, MAX_SAID);
  return { ...failed, said: { status, text, params: paramsIn(body), overflow: readOverflow(text, body) } };
}

function textOf(body: string): string {
  try {
    return findMessage(JSON.parse(body)) ?? body;
  } catch {
    return body;
  }
}

/** `param` as OpenAI writes it; `loc` as Pydantic does. */
function paramsIn(body: string): string[] {
  const params: string[] = [];
  const visit = (value: unknown, depth: number): void => {
    if (typeof value !== "object" || value === null || depth > 6) return;
    const { param, loc, detail, error, message, errors } = value as Record<string, unknown>;
    if (typeof param === "string") params.push(param);
    if (Array.isArray(loc)) params.push(loc.filter((part) => part !== "body").join("."));
    for (const inner of Array.isArray(value) ? value : [detail, error, message, errors]) visit(inner, depth + 1);
  };
  try {
    visit(JSON.parse(body), 0);
  } catch {
    // A text has no parameters.
  }
  return params.filter((param) => param !== "");
}

const CERTIFICATE = /^(CERT_|ERR_TLS|ERR_SSL|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH)/;

/** A failure from an error of the socket or of DNS. `started`: part of the response had arrived. */
export function socketFailure(label: string, error: Error & { code?: string }, started: boolean): Failure {
  const code = error.code ?? (error.cause as { code?: string } | undefined)?.code ?? "";
  if (CERTIFICATE.test(code)) {
    return failure(
      "provider_unavailable",
      `${label}'s certificate is not trusted (${code}). Install a valid certificate; the check cannot be turned off.`,
    );
  }
  const reason: Record<string, string> = {
    ECONNREFUSED: "no server is running at its address.",
    ENOTFOUND: "its host name does not exist: check the base URL.",
    EAI_AGAIN: "the name service does not answer: check the network.",
    UND_ERR_CONNECT_TIMEOUT: "connecting took too long.",
    EHOSTUNREACH: "its host cannot be reached.",
    ENETUNREACH: "its network cannot be reached.",
  };
  if (reason[code])
    return failure("provider_unavailable", `${label} cannot be reached: ${reason[code]}`, { retry: true });
  const when = started ? "in the middle of its response" : "before it responded";
  return failure("connection_lost", `${label} closed the connection ${when}.`, { retry: true });
}

/** Milliseconds from `Retry-After` (seconds or an HTTP date); undefined when it is absent or invalid. */
export function retryAfterMs(value: string | undefined, now: number): number | undefined {
  if (!value) return undefined;
  if (/^\s*\d+(\.\d+)?\s*$/.test(value)) return Number(value) * 1000;
  const at = /^[A-Za-z]{3},/.test(value.trim()) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

function isContextOverflow(status: number, said: string): boolean {
  if (status === 413) return true;
  if (status !== 400 && status !== 422 && status !== 500) return false;
  return /context.?(length|window|size|limit)|maximum context|prompt is too long|too many tokens|exceeds? the (available )?context|input is too long|max_prompt_tokens|range of input length|model token limit|input token count|must have less than \d+ tokens|`inputs` tokens/i.test(
    said,
  );
}

/** The message in an error body, on one line, without addresses, at most 300 characters. */
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
  const raw = (record.metadata as { raw?: unknown } | null | undefined)?.raw;
  // A router's own message says only that a provider failed.
  if (typeof raw === "string" && raw) return jsonMessage(raw);
  if (Array.isArray(record.loc) && typeof record.msg === "string")
    return `${record.loc.filter((part) => part !== "body").join(".")}: ${record.msg}`;
  return (
    findMessage(record.error) ?? findMessage(record.message) ?? findMessage(record.detail) ?? findMessage(record.msg)
  );
}

function jsonMessage(text: string): string {
  try {
    return findMessage(JSON.parse(text)) ?? text;
  } catch {
    return text;
  }
}

function header(headers: Record<string, string | string[] | undefined>, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/**
 * `fetch` with checks. Addresses are checked at connect time, so a name that resolves differently after the check gains
 * nothing. Each redirect is checked like a request. Headers that may contain a credential stay within their origin.
 */
import { lookup as systemLookup } from "node:dns/promises";
import type { LookupFunction } from "node:net";
import type { Agent, Dispatcher, RequestInit as UndiciInit } from "undici";
import { PatchbayError } from "../../runtime/error.ts";
import { type AddressRules, authorities, authority, blocked, checkUrl, isPublicAddress } from "./address.ts";

export interface Address {
  address: string;
  family: number;
}
/** Looks up a name. Replaced in tests. */
export type Resolve = (hostname: string) => Promise<Address[]>;

export interface NetOptions {
  /** `host:port` or origins that may be reached although they are private (`PATCHBAY_ALLOW_HOSTS`). */
  allowHosts?: Iterable<string>;
  /** Addresses of this server itself, which must not be reached. */
  own?: Iterable<string>;
  resolve?: Resolve;
}

export interface GuardedInit {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array | URLSearchParams;
  signal?: AbortSignal;
  /** `manual`: a redirect is returned as a response. */
  redirect?: "follow" | "manual";
}

const MAX_REDIRECTS = 5;
/** How long a server may send nothing. */
const SILENCE_MS = 60_000;
/** The headers that are sent to another origin after a redirect. None can be a credential. */
const HARMLESS = new Set(["accept", "accept-language", "user-agent", "content-type"]);
/** Set by the client only. */
const FORBIDDEN = new Set([
  "host",
  "connection",
  "content-length",
  "transfer-encoding",
  "upgrade",
  "te",
  "trailer",
  "expect",
  "keep-alive",
  "proxy-authorization",
  "proxy-connection",
]);

export type GuardedFetch = (url: string, init?: GuardedInit) => Promise<Response>;

export interface Guard {
  fetch: GuardedFetch;
  /**
   * The same with further allowed origins, for a server that the admin entered by its address. `silenceMs`: how long it
   * may send nothing, if that is more than a minute.
   */
  allowing(origins: Iterable<string>, options?: { silenceMs?: number }): GuardedFetch;
  close(): Promise<void>;
}

/**
 * Builds the guard with its two connection pools (guarded, and allowed by the operator), opened at the first request.
 * Proxies of the environment are ignored. Its `fetch` rejects with `address_blocked`, `bad_request`, `tool_failed`
 * (nothing was sent), `connection_lost` (sent, and the response was lost) or with the signal's reason.
 */
export function createGuard(options: NetOptions = {}): Guard {
  const resolve: Resolve = options.resolve ?? ((hostname) => systemLookup(hostname, { all: true }));
  const rules: AddressRules = {
    allowed: authorities(options.allowHosts ?? []),
    own: authorities(options.own ?? []),
  };
  const limits = {
    headersTimeout: SILENCE_MS,
    bodyTimeout: SILENCE_MS,
    maxHeaderSize: 64 * 1024,
    keepAliveTimeout: 4_000,
  };
  const openPools = async () => {
    const { Agent, fetch } = await import("undici");
    return {
      fetch,
      guarded: new Agent({ ...limits, connect: { lookup: guardedLookup(resolve), timeout: 10_000 } }),
      open: new Agent({ ...limits, connect: { lookup: plainLookup(resolve), timeout: 10_000 } }),
    };
  };
  let pools: ReturnType<typeof openPools> | undefined;

  const withRules = (use: AddressRules, silenceMs = 0): GuardedFetch => {
    const patient = (agent: Agent): Dispatcher =>
      silenceMs < SILENCE_MS
        ? agent
        : agent.compose((dispatch) => (request, handler) => {
            const timeout = silenceMs + 1_000; // the caller's own limit comes first
            return dispatch({ ...request, headersTimeout: timeout, bodyTimeout: timeout }, handler);
          });
    let dispatchers: Record<"open" | "guarded", Dispatcher> | undefined;
    return async (raw, init = {}) => {
      let target = raw;
      let method = (init.method ?? "GET").toUpperCase();
      let headers = cleanHeaders(init.headers ?? {});
      let body = init.body;
      for (let hop = 0; ; hop++) {
        const { url, allowed } = checkUrl(target, use);
        pools ??= openPools();
        const { fetch: undiciFetch, open, guarded } = await pools;
        dispatchers ??= { open: patient(open), guarded: patient(guarded) };
        const request: UndiciInit = {
          method,
          headers,
          body: method === "GET" || method === "HEAD" ? undefined : body,
          redirect: "manual",
          signal: init.signal,
          dispatcher: allowed ? dispatchers.open : dispatchers.guarded,
        };
        const response = (await undiciFetch(url, request).catch((thrown: unknown) => {
          throw networkError(thrown, url, method, init.signal);
        })) as unknown as Response;
        const location = response.headers.get("location");
        if (init.redirect === "manual" || response.status < 300 || response.status > 399 || !location) return response;
        if (response.status === 304 || response.status === 300) return response;
        await response.body?.cancel();
        if (hop >= MAX_REDIRECTS)
          throw new PatchbayError("address_blocked", `${authority(url)} redirects more than ${MAX_REDIRECTS} times.`);
        if (!URL.canParse(location, url))
          throw new PatchbayError("tool_failed", `${authority(url)} redirects to something that is not a URL.`);
        const next = new URL(location, url);
        if (response.status === 303 || (response.status < 303 && method === "POST")) {
          if (method !== "HEAD") method = "GET";
          body = undefined;
          headers = omit(headers, (name) => name.startsWith("content-"));
        }
        if (next.origin !== url.origin) headers = omit(headers, (name) => !HARMLESS.has(name));
        target = next.href;
      }
    };
  };

  return {
    fetch: withRules(rules),
    allowing: (origins, { silenceMs } = {}) =>
      withRules({ ...rules, allowed: new Set([...rules.allowed, ...authorities(origins)]) }, silenceMs),
    close: async () => {
      const opened = await pools;
      await Promise.all([opened?.guarded.destroy(), opened?.open.destroy()]);
    },
  };
}

/** Refuses a name when one of its addresses is private. */
function guardedLookup(resolve: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname).then(
      (found) => {
        const privateOne = found.find((each) => !isPublicAddress(each.address));
        if (privateOne)
          return callback(blocked(hostname, `resolves to the private address ${privateOne.address}`), "", 0);
        respond(found, options, callback);
      },
      (error: Error) => callback(error, "", 0),
    );
  };
}

function plainLookup(resolve: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname).then(
      (found) => respond(found, options, callback),
      (error: Error) => callback(error, "", 0),
    );
  };
}

function respond(found: Address[], options: { all?: boolean }, callback: Parameters<LookupFunction>[2]): void {
  const first = found[0];
  if (!first) callback(Object.assign(new Error("The name has no address."), { code: "ENOTFOUND" }), "", 0);
  else if (options.all) callback(null, found);
  else callback(null, first.address, first.family);
}

function cleanHeaders(headers: Record<string, string>): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(lower))
      throw new PatchbayError("bad_request", `"${name.slice(0, 40)}" is not a header name.`);
    if (FORBIDDEN.has(lower)) throw new PatchbayError("bad_request", `The header "${name}" cannot be set by a tool.`);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: finds control characters
    if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(value))
      throw new PatchbayError(
        "bad_request",
        `The header "${name}" contains a line break or another control character.`,
      );
    result[lower] = encodeHeader(value);
  }
  return result;
}

/** Header values are bytes: text beyond Latin-1 is sent as UTF-8. */
function encodeHeader(value: string): string {
  for (let i = 0; i < value.length; i++)
    if (value.charCodeAt(i) > 255) return Buffer.from(value, "utf8").toString("latin1");
  return value;
}

function omit(headers: Record<string, string>, drop: (name: string) => boolean): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !drop(name)));
}

/** Failures before the request was sent: it can be sent again. */
const NOT_SENT = new Set([
  "ENOTFOUND",
  "EAI_AGAIN",
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENETDOWN",
  "EADDRNOTAVAIL",
  "UND_ERR_CONNECT_TIMEOUT",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "CERT_HAS_EXPIRED",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "ERR_SSL_WRONG_VERSION_NUMBER",
]);
const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

function networkError(thrown: unknown, url: URL, method: string, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason;
  const where = authority(url);
  for (const at of causes(thrown)) {
    if (at instanceof PatchbayError) return at;
    if (at.message === "bad port") return blocked(where, "is on a port that HTTP clients never use");
    const code = (at as { code?: unknown }).code;
    if (typeof code !== "string") continue;
    if (NOT_SENT.has(code))
      return new PatchbayError(
        "tool_failed",
        `${where} cannot be reached (${code}). Check the address, and that the server is running.`,
      );
    return lost(where, method, code);
  }
  if (thrown instanceof TypeError && thrown.cause === undefined)
    return new PatchbayError("bad_request", thrown.message);
  return lost(where, method, thrown instanceof Error ? thrown.message : String(thrown));
}

/** An error, the first error of several addresses, and their causes. */
function* causes(thrown: unknown): Generator<Error> {
  if (!(thrown instanceof Error)) return;
  yield thrown;
  if (thrown instanceof AggregateError) yield* causes(thrown.errors[0]);
  yield* causes(thrown.cause);
}

function lost(where: string, method: string, why: string): PatchbayError {
  return SAFE_METHODS.has(method)
    ? new PatchbayError("tool_failed", `The connection to ${where} broke before it responded (${why}).`)
    : new PatchbayError(
        "connection_lost",
        `The connection to ${where} broke after the ${method} was sent (${why}); whether it took effect is not known.`,
      );
}

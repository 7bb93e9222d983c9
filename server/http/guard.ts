/**
 * Authorizes every request: Host and Origin first (against DNS rebinding and cross-site requests), then the admin or an
 * agent key. A path is closed unless it is listed as open.
 */
import type { Context, MiddlewareHandler } from "hono";
import { PatchbayError } from "../../runtime/error.ts";
import type { CallerKey, Keys } from "../keys/service.ts";
import { type Env, isLoopback } from "../process/env.ts";
import type { Auth } from "./auth.ts";

export interface AppEnv {
  Variables: {
    /** The agent key that called; set on hosted routes. */
    key: CallerKey;
    /** Id of the request, in the log and in the response header `x-request-id`. */
    request: string;
  };
}

/** Paths that are open without a sign-in. */
const OPEN_PATHS = new Set([
  "/healthz",
  "/readyz",
  "/openapi.json",
  "/sign-in",
  "/favicon.ico",
  "/favicon.svg",
  "/mark.svg",
  "/theme.js",
  "/embed.js",
]);

export function guard(options: {
  env: Env;
  auth: Auth;
  /** Whether the request has the cookie of a sign-in. */
  isSignedIn(c: Context): Promise<boolean>;
  keys: Pick<Keys, "authenticate" | "count">;
  /** The visitor of a chat page, as a key; undefined for other tokens. Rejects with `unauthorized`. */
  readVisitor(authorization: string | undefined): Promise<CallerKey> | undefined;
  /** Rejects when a visitor may not call this path, or when its agent has become private. */
  admitVisitor(key: CallerKey, path: string): Promise<void>;
  /** Response for a page that needs a sign-in. */
  signInPage(c: Context): Response;
  /** Response for a sign-in link. */
  signIn(c: Context, code: string): Promise<Response>;
}): MiddlewareHandler<AppEnv> {
  const { env, auth, keys, signInPage } = options;
  const isAllowedHost = hostCheck(env);

  return async (c, next) => {
    const host = c.req.header("host") ?? new URL(c.req.url).host;
    if (!isAllowedHost(host))
      throw new PatchbayError(
        "forbidden",
        `The host "${host.slice(0, 200)}" is not allowed. Set PATCHBAY_URL to the public address of this server.`,
      );
    const path = c.req.path;

    if (isHosted(path)) {
      if (c.req.method === "OPTIONS") return next();
      if (isHook(path)) {
        // The signature authorizes the message. Browsers do not have the secret.
        if (c.req.header("origin") !== undefined)
          throw new PatchbayError("forbidden", "Webhooks cannot be sent from a browser page.");
        return next();
      }
      const authorization = c.req.header("authorization");
      const visitor = await options.readVisitor(authorization);
      if (visitor) await options.admitVisitor(visitor, path);
      const key = visitor ?? keys.authenticate(authorization);
      const counted = keys.count(key);
      if (counted) await counted;
      c.set("key", key);
      return next();
    }

    const origin = c.req.header("origin");
    if (origin !== undefined && !isOwnOrigin(origin, host, env.url))
      throw new PatchbayError("forbidden", "Cross-origin requests are not allowed.");
    // Chat pages check access themselves; built assets contain no data.
    if (OPEN_PATHS.has(path) || path.startsWith("/chat/") || path.startsWith("/assets/")) return next();
    // A sign-in link is `/?code=…`. Its code is consumed even when the browser is signed in already.
    const code = path === "/" ? c.req.query("code") : undefined;
    if (code !== undefined) return options.signIn(c, code);
    if (auth.isAdmin(c.req.header("authorization"))) return next();
    if (path === "/metrics" && auth.readsMetrics(c.req.header("authorization"))) return next();
    if (await options.isSignedIn(c)) {
      const site = c.req.header("sec-fetch-site");
      if (!isSafe(c.req.method) && site !== undefined && site !== "same-origin" && site !== "none")
        throw new PatchbayError("forbidden", "Cross-origin requests are not allowed.");
      return next();
    }
    if (wantsPage(c)) return signInPage(c);
    throw new PatchbayError(
      "unauthorized",
      "Sign in, or send the admin token as a bearer token. `patchbay login` prints a sign-in link.",
    );
  };
}

/** Whether a path takes agent keys instead of the admin token. */
export function isHosted(path: string): boolean {
  return path.startsWith("/v1/") || path === "/mcp" || path.startsWith("/mcp/");
}

/** Webhooks: `triggers/` checks their signatures. */
function isHook(path: string): boolean {
  return path.startsWith("/v1/hooks/");
}

export function isSafe(method: string): boolean {
  return method === "GET" || method === "HEAD" || method === "OPTIONS";
}

/** Whether a browser navigates to a page, as opposed to a program or a fetch. */
function wantsPage(c: Context): boolean {
  const path = c.req.path;
  if (!isSafe(c.req.method) || path.startsWith("/api/")) return false;
  return path === "/" || (c.req.header("accept") ?? "").includes("text/html");
}

/**
 * Allowed `Host` headers: loopback names, the public address and the bind address. When other machines can reach the
 * server, also IP addresses: DNS rebinding cannot produce them.
 */
function hostCheck(env: Env): (host: string) => boolean {
  const names = new Set(["localhost", "127.0.0.1", "[::1]", bracketed(env.host)]);
  if (env.url) names.add(new URL(env.url).hostname);
  const open = !isLoopback(env.host);
  // Clients send the same few values, so they are remembered.
  const known = new Set<string>();
  return (host) => {
    if (known.has(host)) return true;
    if (!/^(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?$/.test(host)) return false;
    const name = host.replace(/:\d{1,5}$/, "").toLowerCase();
    const allowed = names.has(name) || isLoopback(name) || (open && /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[.*\])$/.test(name));
    if (allowed && known.size < 100) known.add(host);
    return allowed;
  };
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host.toLowerCase();
}

function isOwnOrigin(origin: string, host: string, publicOrigin: string | undefined): boolean {
  if (origin === publicOrigin) return true;
  return origin === `http://${host.toLowerCase()}` || origin === `https://${host.toLowerCase()}`;
}

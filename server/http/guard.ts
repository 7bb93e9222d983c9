/**
 * The one gate that every request passes: Host and Origin (against DNS rebinding and forged requests), then who may
 * come in. What is not said to be open is closed.
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
    /** Names the request in the log and in the answer's `x-request-id`. */
    request: string;
  };
}

/** Exactly these answer without a sign-in; pages show the sign-in page themselves. */
const OPEN = new Set([
  "/healthz",
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
  keys: Pick<Keys, "authenticate" | "count">;
  /** The visitor of a chat page as a key; undefined when it is not one. Rejects with `unauthorized`. */
  readVisitor(authorization: string | undefined): Promise<CallerKey> | undefined;
  /** Throws where a visitor of a chat page has come too far: another protocol, an agent that is private by now. */
  admitVisitor(key: CallerKey, path: string): Promise<void>;
  /** Shown instead of a page that needs a sign-in. */
  signInPage(c: Context): Response;
  /** Answers the printed address. */
  signIn(c: Context, code: string): Promise<Response>;
}): MiddlewareHandler<AppEnv> {
  const { env, auth, keys, signInPage } = options;
  const isAllowedHost = hostCheck(env);

  return async (c, next) => {
    const host = c.req.header("host") ?? new URL(c.req.url).host;
    if (!isAllowedHost(host))
      throw new PatchbayError(
        "forbidden",
        `This server does not answer for the host "${host.slice(0, 200)}"; set PATCHBAY_URL to the address it is reached at.`,
      );
    const path = c.req.path;

    if (isHosted(path)) {
      if (c.req.method === "OPTIONS") return next();
      if (isHook(path)) {
        // Its signature is its right, and no page can have the secret.
        if (c.req.header("origin") !== undefined) throw new PatchbayError("forbidden", "Pages send no webhooks.");
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
      throw new PatchbayError("forbidden", "This request comes from another site's page.");
    // Chat pages have rules of their own; what was built is code and holds nothing.
    if (OPEN.has(path) || path.startsWith("/chat/") || path.startsWith("/assets/")) return next();
    // The printed address is `/?code=…`: it is used up whether or not somebody is signed in already.
    const code = path === "/" ? c.req.query("code") : undefined;
    if (code !== undefined) return options.signIn(c, code);
    if (auth.isAdmin(c.req.header("authorization"))) return next();
    if (await auth.isSignedIn(c)) {
      const site = c.req.header("sec-fetch-site");
      if (!isSafe(c.req.method) && site !== undefined && site !== "same-origin" && site !== "none")
        throw new PatchbayError("forbidden", "This request comes from another site's page.");
      return next();
    }
    if (wantsPage(c)) return signInPage(c);
    throw new PatchbayError(
      "unauthorized",
      "Sign in, or send the admin token as a bearer; `patchbay login` gives a sign-in link.",
    );
  };
}

/** Routes for agent keys, by their own rules. */
export function isHosted(path: string): boolean {
  return path.startsWith("/v1/") || path === "/mcp" || path.startsWith("/mcp/");
}

/** Where signed messages come in: `triggers/` checks them. */
function isHook(path: string): boolean {
  return path.startsWith("/v1/hooks/");
}

export function isSafe(method: string): boolean {
  return method === "GET" || method === "HEAD" || method === "OPTIONS";
}

/** A browser that opens a page, not a program or a script of ours. */
function wantsPage(c: Context): boolean {
  const path = c.req.path;
  if (!isSafe(c.req.method) || path.startsWith("/api/")) return false;
  return path === "/" || (c.req.header("accept") ?? "").includes("text/html");
}

/**
 * Which `Host` headers are answered: loopback names, the public address, the address bound to; and, where other
 * machines can reach the server, addresses in digits, which no name can be rebound to.
 */
function hostCheck(env: Env): (host: string) => boolean {
  const names = new Set(["localhost", "127.0.0.1", "[::1]", bracketed(env.host)]);
  if (env.url) names.add(new URL(env.url).hostname);
  const open = !isLoopback(env.host);
  // Programs send the same few values again and again.
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

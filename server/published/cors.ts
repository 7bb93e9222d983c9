/** Which sites' pages may call published agents: those that a publication names. All others are refused. */
import type { Context, MiddlewareHandler } from "hono";
import { PatchbayError } from "../../runtime/error.ts";
import type { AppEnv } from "../http/guard.ts";
import type { PublishedDeps } from "./deps.ts";

const METHODS = "GET, POST, DELETE";
const HEADERS = "authorization, content-type, accept, idempotency-key, last-event-id, prefer, mcp-protocol-version";
const EXPOSED = "location, retry-after, x-run-id, x-patchbay-ignored";

/**
 * Answers preflights, and adds to an answer what lets the page read it. A request without `Origin` (a program) or from
 * our own pages passes as it is. Throws `forbidden` for any other site.
 */
export function hostedCors(services: Pick<PublishedDeps, "agents" | "keys" | "env">): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const origin = c.req.header("origin");
    const preflight = c.req.method === "OPTIONS";
    if (origin === undefined || isOwn(c, origin, services.env.url)) return preflight ? c.body(null, 204) : next();
    const key = c.get("key");
    const publications = await services.agents.publications();
    // A preflight brings no key: it may ask for what any key could.
    const named = publications.some(
      (one) => one.origins.includes(origin) && (preflight || services.keys.allows(key, one.slug)),
    );
    if (!named)
      throw new PatchbayError(
        "forbidden",
        `Pages of ${origin.slice(0, 200)} may not call this; name it among the agent's origins.`,
      );
    c.header("Access-Control-Allow-Origin", origin);
    c.header("Vary", "Origin");
    if (preflight) {
      c.header("Access-Control-Allow-Methods", METHODS);
      c.header("Access-Control-Allow-Headers", HEADERS);
      c.header("Access-Control-Max-Age", "600");
      return c.body(null, 204);
    }
    c.header("Access-Control-Expose-Headers", EXPOSED);
    await next();
  };
}

function isOwn(c: Context, origin: string, publicOrigin: string | undefined): boolean {
  const host = c.req.header("host")?.toLowerCase();
  return origin === publicOrigin || origin === `http://${host}` || origin === `https://${host}`;
}

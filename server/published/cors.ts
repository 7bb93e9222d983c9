/** CORS for published agents: only the origins of a publication may call it from a browser. */
import type { Context, MiddlewareHandler } from "hono";
import { PatchbayError } from "../../runtime/error.ts";
import type { AppEnv } from "../http/guard.ts";
import type { PublishedDeps } from "./deps.ts";

const METHODS = "GET, POST, DELETE";
const HEADERS = "authorization, content-type, accept, idempotency-key, last-event-id, prefer, mcp-protocol-version";
/** What a preflight may ask for: names of headers. */
const ASKED = /^[\w!#$%&'*+.^`|~, -]{1,2000}$/;
const EXPOSED = "location, retry-after, x-run-id, x-patchbay-ignored";

/**
 * Responds to preflights and adds CORS headers. A request without `Origin` (from a program) or from this server's own
 * pages passes unchanged. Throws `forbidden` for other origins.
 */
export function hostedCors(services: Pick<PublishedDeps, "agents" | "keys" | "env">): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const origin = c.req.header("origin");
    const preflight = c.req.method === "OPTIONS";
    if (origin === undefined || isOwn(c, origin, services.env.url)) return preflight ? c.body(null, 204) : next();
    const key = c.get("key");
    const publications = await services.agents.publications();
    // A preflight has no key, so it is allowed when any publication lists the origin.
    const isAllowed = publications.some(
      (one) => one.origins.includes(origin) && (preflight || services.keys.allows(key, one.slug)),
    );
    if (!isAllowed)
      throw new PatchbayError(
        "forbidden",
        `The origin ${origin.slice(0, 200)} is not allowed. Add it to the allowed origins of the agent.`,
      );
    c.header("Access-Control-Allow-Origin", origin);
    c.header("Vary", preflight ? "Origin, Access-Control-Request-Headers" : "Origin");
    if (preflight) {
      c.header("Access-Control-Allow-Methods", METHODS);
      // Every SDK adds headers of its own. They give no access: the key and the origin do.
      const asked = c.req.header("access-control-request-headers");
      c.header("Access-Control-Allow-Headers", asked && ASKED.test(asked) ? asked : HEADERS);
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

/** One line and one measure a request: who asked for what, how it was answered, how long that took. Never a body, a token or a query. */
import type { MiddlewareHandler } from "hono";
import { newId } from "../lib/ids.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { AppEnv } from "./guard.ts";

/** Asked for by machines, again and again. */
const QUIET = /^\/(?:healthz|metrics|assets\/)/;
const RUN_PATH = /^\/(?:api|v1)\/runs\/([0-9a-z]{26})(?:\/|$)/;

/** Names each request, by the caller's `x-request-id` where it sent one, and tells the name in the answer. */
export function requestLog(logger: Logger, metrics: Pick<Metrics, "answered">): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const began = performance.now();
    const sent = c.req.header("x-request-id");
    const request = sent !== undefined && /^[\w.-]{1,64}$/.test(sent) ? sent : newId();
    c.set("request", request);
    await next();
    c.header("x-request-id", request);
    const { method, path } = c.req;
    const { status, headers } = c.res;
    const ms = performance.now() - began;
    metrics.answered(path, status, ms);
    const key = c.get("key") as AppEnv["Variables"]["key"] | undefined;
    const run = headers.get("x-run-id") ?? RUN_PATH.exec(path)?.[1];
    const fields = {
      request,
      method,
      path,
      status,
      ms: Math.round(ms),
      ...(key !== undefined && { key: key.id }),
      ...(run !== undefined && { run }),
    };
    if (QUIET.test(path)) logger.debug("request", fields);
    else logger.info("request", fields);
  };
}

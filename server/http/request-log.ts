/** Logs and measures each request: key, path, status and duration. Never a body, a token or a query. */
import type { MiddlewareHandler } from "hono";
import { newId } from "../lib/ids.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { AppEnv } from "./guard.ts";

/** Frequent automatic requests, logged at debug level. */
const QUIET = /^\/(?:healthz|readyz|metrics|assets\/)/;
const RUN_PATH = /^\/(?:api|v1)\/runs\/([0-9a-z]{26})(?:\/|$)/;

/** Also sets the request id: the caller's `x-request-id`, or a new id. The response returns it. */
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

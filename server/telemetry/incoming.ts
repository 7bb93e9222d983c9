/** Carries the trace context of a request to the run that it starts, for all protocols. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { MiddlewareHandler } from "hono";
import { parseTrace } from "./spans.ts";

const storage = new AsyncLocalStorage<string>();

/** The `traceparent` header of the current request, if it is valid. */
export function incomingTrace(): string | undefined {
  return storage.getStore();
}

export function takeTrace(): MiddlewareHandler {
  return async (c, next) => {
    const header = c.req.header("traceparent");
    if (header !== undefined && parseTrace(header)) await storage.run(header, next);
    else await next();
  };
}

/** The caller's place in a trace of its own, from a request to the run that comes of it, by whichever protocol it came. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { MiddlewareHandler } from "hono";
import { parseTrace } from "./spans.ts";

const held = new AsyncLocalStorage<string>();

/** What a request brought as `traceparent`, where one is being answered and it brought a good one. */
export function incomingTrace(): string | undefined {
  return held.getStore();
}

export function takeTrace(): MiddlewareHandler {
  return async (c, next) => {
    const header = c.req.header("traceparent");
    if (header !== undefined && parseTrace(header)) await held.run(header, next);
    else await next();
  };
}

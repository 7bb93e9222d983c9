import type { HttpRequest, HttpResponse } from "../../runtime/host.ts";

/** The HTTP client for everything that a graph, a tool or an import may reach. */
export type SafeFetch = (request: HttpRequest, signal: AbortSignal) => Promise<HttpResponse>;

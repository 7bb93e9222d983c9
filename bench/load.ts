/** A closed loop of requests over keep-alive connections: each connection sends the next request after a response. */
import { Pool } from "undici";
import { percentile } from "./numbers.ts";

interface LoadOptions {
  origin: string;
  path: string;
  headers?: Record<string, string>;
  body: string;
  connections: number;
  /** Stops after this time or this number of requests, whichever comes first. */
  seconds?: number;
  requests?: number;
  /** Throws when a response is wrong. */
  verify?(status: number, body: string): void;
}

export interface LoadResult {
  requests: number;
  seconds: number;
  perSecond: number;
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
  /** Milliseconds of each request. */
  times: number[];
}

export async function load(options: LoadOptions): Promise<LoadResult> {
  const { connections, seconds = Number.POSITIVE_INFINITY, requests = Number.POSITIVE_INFINITY } = options;
  const pool = new Pool(options.origin, { connections, pipelining: 1 });
  const headers = { "content-type": "application/json", ...options.headers };
  const times: number[] = [];
  const began = performance.now();
  const until = began + seconds * 1000;
  let sent = 0;
  const loop = async () => {
    while (sent < requests && performance.now() < until) {
      sent++;
      const at = performance.now();
      const { statusCode, body } = await pool.request({
        method: "POST",
        path: options.path,
        headers,
        body: options.body,
      });
      const text = await body.text();
      times.push(performance.now() - at);
      options.verify?.(statusCode, text);
    }
  };
  try {
    await Promise.all(Array.from({ length: connections }, loop));
  } finally {
    await pool.destroy();
  }
  return summary(times, (performance.now() - began) / 1000);
}

/** Merges several results of one target. */
export function together(results: LoadResult[]): LoadResult {
  return summary(
    results.flatMap((result) => result.times),
    results.reduce((sum, result) => sum + result.seconds, 0),
  );
}

function summary(times: number[], seconds: number): LoadResult {
  return {
    requests: times.length,
    seconds,
    perSecond: times.length / seconds,
    p50Ms: percentile(times, 0.5),
    p95Ms: percentile(times, 0.95),
    p99Ms: percentile(times, 0.99),
    times,
  };
}

/** Runs queries that may take long in a separate thread with its own connection, so that nothing else waits for them. */
import type { Worker } from "node:worker_threads";
import { PatchbayError } from "../../../runtime/error.ts";
import { startWorker } from "../../lib/start-worker.ts";
import type { Query } from "../list-queries.ts";
import { storageError } from "./database.ts";
import type { Failure } from "./event-log-schema.ts";

export interface SideReader {
  /** The rows of a query. Rejects with `unavailable`. */
  all<T>(query: Query): Promise<T[]>;
  close(): Promise<void>;
}

export type QueryCall = Query & { call: number };
export type QueryResult = { call: number; rows?: unknown[]; error?: Failure };

/** The thread starts with the first query. */
export function openSideReader(file: string): SideReader {
  const calls = new Map<number, PromiseWithResolvers<unknown[]>>();
  let next = 1;
  let worker: Worker | undefined;
  let closed = false;

  const fail = (error: PatchbayError) => {
    worker = undefined;
    for (const call of calls.values()) call.reject(error);
    calls.clear();
  };
  const start = () => {
    const started = startWorker(new URL("./side-reader-worker.ts", import.meta.url), { workerData: { file } });
    started.on("message", ({ call, rows, error }: QueryResult) => {
      const waiting = calls.get(call);
      calls.delete(call);
      if (error) waiting?.reject(storageError(error));
      else waiting?.resolve(rows ?? []);
      if (calls.size === 0) started.unref();
    });
    started.on("error", (cause) => fail(storageError(cause)));
    return started;
  };

  return {
    async all<T>(query: Query) {
      if (closed) throw new PatchbayError("unavailable", "The server is stopping.");
      worker ??= start();
      worker.ref();
      const call = next++;
      const waiting = Promise.withResolvers<unknown[]>();
      calls.set(call, waiting);
      worker.postMessage({ ...query, call } satisfies QueryCall);
      return (await waiting.promise) as T[];
    },

    async close() {
      closed = true;
      const open = worker;
      fail(new PatchbayError("unavailable", "The server is stopping."));
      await open?.terminate();
    },
  };
}

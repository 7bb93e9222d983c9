/** The thread of `side-reader.ts`. */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { connectSqlite } from "./database.ts";
import { failureOf } from "./event-log-schema.ts";
import type { QueryCall, QueryResult } from "./side-reader.ts";

const port = parentPort as MessagePort;
const db = connectSqlite((workerData as { file: string }).file, { readonly: true });

port.on("message", ({ call, text, values }: QueryCall) => {
  try {
    port.postMessage({ call, rows: db.prepare(text).all(...values) } satisfies QueryResult);
  } catch (error) {
    port.postMessage({ call, error: failureOf(error) } satisfies QueryResult);
  }
});

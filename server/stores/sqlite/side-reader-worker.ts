/** The thread of `side-reader.ts`. */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { connectSqlite } from "./database.ts";
import type { Answer, Asked } from "./side-reader.ts";

const port = parentPort as MessagePort;
const db = connectSqlite((workerData as { file: string }).file, { readonly: true });

port.on("message", ({ call, text, values }: Asked) => {
  try {
    port.postMessage({ call, rows: db.prepare(text).all(...values) } satisfies Answer);
  } catch (error) {
    const { code, message } = error as { code?: unknown; message?: unknown };
    port.postMessage({ call, error: { code: String(code ?? ""), message: String(message ?? error) } } satisfies Answer);
  }
});

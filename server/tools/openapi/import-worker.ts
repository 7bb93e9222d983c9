/** The worker thread of `import-in-worker.ts`: a large document takes seconds, which would block the server. */
import { parentPort, workerData } from "node:worker_threads";
import { errorData } from "../../../runtime/error.ts";
import { importOpenApi } from "./import.ts";

/** Tools in one message: the serving thread reads a message within a few milliseconds. */
const SLICE = 50;

try {
  const { tools, ...imported } = importOpenApi(workerData);
  for (let at = 0; at < tools.length; at += SLICE) parentPort!.postMessage({ tools: tools.slice(at, at + SLICE) });
  parentPort!.postMessage({ imported });
} catch (thrown) {
  parentPort!.postMessage({ error: errorData(thrown) });
}

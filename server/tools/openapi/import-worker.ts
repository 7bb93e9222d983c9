/** The worker thread of `import-in-worker.ts`: a large document takes seconds, which would block the server. */
import { parentPort, workerData } from "node:worker_threads";
import { errorData } from "../../../runtime/error.ts";
import { importOpenApi } from "./import.ts";

try {
  parentPort!.postMessage({ imported: importOpenApi(workerData) });
} catch (thrown) {
  parentPort!.postMessage({ error: errorData(thrown) });
}

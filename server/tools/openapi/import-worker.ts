/** Imports a document in a thread of its own: a large one takes seconds, which nobody else should wait for. */
import { parentPort, workerData } from "node:worker_threads";
import { errorData } from "../../../runtime/error.ts";
import { importOpenApi } from "./import.ts";

try {
  parentPort!.postMessage({ imported: importOpenApi(workerData) });
} catch (thrown) {
  parentPort!.postMessage({ error: errorData(thrown) });
}

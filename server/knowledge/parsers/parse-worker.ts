/** The worker thread of `parse.ts`. */
import { parentPort, workerData } from "node:worker_threads";
import { errorData } from "../../../runtime/error.ts";
import { parseHere } from "./parse-here.ts";

try {
  parentPort!.postMessage({ parsed: parseHere(workerData) });
} catch (thrown) {
  parentPort!.postMessage({ error: errorData(thrown) });
}

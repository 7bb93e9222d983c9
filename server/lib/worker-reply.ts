/** The side of the thread for `runInWorker`. */
import { parentPort, workerData } from "node:worker_threads";
import { type ErrorData, errorData } from "../../runtime/error.ts";

export type WorkerMessage<Value, Part> = { part: Part } | { value: Value } | { error: ErrorData };

/** Does the work on the input, and sends its value or what it throws. `sendPart` sends a part of the result before. */
export function replyFromWorker<Input, Value, Part = never>(
  work: (input: Input, sendPart: (part: Part) => void) => Value,
): void {
  const send = (message: WorkerMessage<Value, Part>) => parentPort!.postMessage(message);
  try {
    send({ value: work(workerData as Input, (part) => send({ part })) });
  } catch (thrown) {
    send({ error: errorData(thrown) });
  }
}

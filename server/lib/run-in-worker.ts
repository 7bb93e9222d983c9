import { PatchbayError } from "../../runtime/error.ts";
import { startWorker } from "./start-worker.ts";
import type { WorkerMessage } from "./worker-reply.ts";

export interface WorkerLimits {
  ms: number;
  memoryMb: number;
}

export interface WorkerOptions<Part> {
  limits: WorkerLimits;
  signal?: AbortSignal;
  /** The error of work that exceeds a limit. */
  tooLarge(what: "time" | "memory"): PatchbayError;
  onPart?(part: Part): void;
}

/**
 * Does one piece of work in a thread of its own. Its file calls `replyFromWorker`. Resolves with the value of the work.
 * Rejects with what the work throws, with the signal's reason, or with `tooLarge`. The thread has ended then.
 */
export async function runInWorker<Value, Part = never>(
  file: URL,
  input: unknown,
  { limits, signal, tooLarge, onPart }: WorkerOptions<Part>,
): Promise<Value> {
  signal?.throwIfAborted();
  const worker = startWorker(file, {
    workerData: input,
    resourceLimits: { maxOldGenerationSizeMb: limits.memoryMb },
  });
  let timer: NodeJS.Timeout | undefined;
  let stop: (() => void) | undefined;
  try {
    return await new Promise<Value>((resolve, reject) => {
      timer = setTimeout(() => reject(tooLarge("time")), limits.ms);
      stop = () => reject(signal!.reason);
      signal?.addEventListener("abort", stop, { once: true });
      worker.on("message", (message: WorkerMessage<Value, Part>) => {
        if ("part" in message) onPart?.(message.part);
        else if ("value" in message) resolve(message.value);
        else reject(new PatchbayError(message.error.code, message.error.message, { path: message.error.path }));
      });
      worker.once("error", (error: Error & { code?: string }) =>
        reject(error.code === "ERR_WORKER_OUT_OF_MEMORY" ? tooLarge("memory") : error),
      );
    });
  } finally {
    clearTimeout(timer);
    if (stop) signal?.removeEventListener("abort", stop);
    await worker.terminate();
  }
}

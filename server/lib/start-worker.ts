import { Worker, type WorkerOptions } from "node:worker_threads";

/** Starts a worker thread from a TypeScript file, with less memory than `new Worker(file)` (see `worker-entry.mjs`). */
export function startWorker(file: URL, options: Omit<WorkerOptions, "argv" | "eval"> = {}): Worker {
  return new Worker(new URL("./worker-entry.mjs", import.meta.url), { ...options, argv: [file.href] });
}

/**
 * Runs untrusted code in an isolate without Node, in a child process without permissions, with limits on time, memory and
 * output. Values are passed as JSON text only.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { PatchbayError } from "../../runtime/error.ts";
import { isTextTooDeep, MAX_JSON_DEPTH } from "../../runtime/foreign-json.ts";
import { shareFaults } from "../lib/fault-owner.ts";
import type { Job, JobResult, ReadyMessage } from "./isolate-worker.ts";
import type { Sandbox } from "./service.ts";

export interface SandboxOptions {
  /** Maximum number of child processes. Each runs one piece of code at a time. */
  size?: number;
  memoryMb?: number;
  maxOutput?: number;
  /** An idle child process ends after this time. */
  idleMs?: number;
  /** The package of the isolates. Replaced in tests. */
  engine?: string;
}

const MAX_TIMEOUT_MS = 60_000;
const MAX_INPUT = 10 * 1024 * 1024;
const START_MS = 10_000;
/** Added to the code's timeout before the child process is killed. */
const GRACE_MS = 500;
/** A child is replaced after this many runs. */
const MAX_RUNS = 500;
const MAX_WAITING = 1_000;

interface Worker {
  child: ChildProcess;
  ready: Promise<ReadyMessage>;
  busy: boolean;
  runs: number;
  settle?: (result: JobResult | "gone") => void;
  idle?: NodeJS.Timeout;
}

/** Starts nothing until the first use. */
export function createSandbox(options: SandboxOptions = {}): Sandbox {
  const { size = 2, memoryMb = 64, maxOutput = 5_000_000, idleMs = 60_000, engine = "isolated-vm" } = options;
  const workers = new Set<Worker>();
  const waiting: { take(worker: Worker): void; drop(reason: unknown): void }[] = [];
  let nextId = 1;
  let closed = false;

  function startWorker(): Worker {
    const child = shareFaults(() => spawnWorker(engine));
    let setReady: (message: ReadyMessage) => void;
    const worker: Worker = { child, busy: false, runs: 0, ready: new Promise((resolve) => (setReady = resolve)) };
    const startTimeout = setTimeout(() => child.kill("SIGKILL"), START_MS);
    child.on("message", (message: ReadyMessage | JobResult) => {
      if ("ready" in message) {
        clearTimeout(startTimeout);
        setReady(message);
      } else worker.settle?.(message);
    });
    const gone = () => {
      clearTimeout(startTimeout);
      clearTimeout(worker.idle);
      workers.delete(worker);
      setReady({ ready: false, why: "its process ended at the start" });
      worker.settle?.("gone");
      assignWorkers();
    };
    child.once("exit", gone);
    child.on("error", gone);
    workers.add(worker);
    return worker;
  }

  /** Assigns free workers to waiting calls, and starts one below the limit. */
  function assignWorkers(): void {
    while (waiting.length && !closed) {
      const free = [...workers].find((worker) => !worker.busy) ?? (workers.size < size ? startWorker() : undefined);
      if (!free) return;
      clearTimeout(free.idle);
      free.busy = true;
      waiting.shift()!.take(free);
    }
  }

  function release(worker: Worker, isSpent: boolean): void {
    worker.busy = false;
    worker.settle = undefined;
    if (isSpent || worker.runs >= MAX_RUNS || closed) {
      workers.delete(worker);
      worker.child.kill("SIGKILL");
    } else {
      worker.idle = setTimeout(() => worker.child.kill("SIGKILL"), idleMs);
      worker.idle.unref();
    }
    assignWorkers();
  }

  function acquire(signal: AbortSignal): Promise<Worker> {
    if (waiting.length >= MAX_WAITING)
      return Promise.reject(
        new PatchbayError("unavailable", "Too many pieces of code wait for the sandbox. Try again later."),
      );
    return new Promise((resolve, reject) => {
      const entry = {
        take: (worker: Worker) => {
          signal.removeEventListener("abort", onAbort);
          resolve(worker);
        },
        drop: (reason: unknown) => {
          signal.removeEventListener("abort", onAbort);
          reject(reason);
        },
      };
      const onAbort = () => {
        waiting.splice(waiting.indexOf(entry), 1);
        reject(signal.reason);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      waiting.push(entry);
      assignWorkers();
    });
  }

  async function runOn(worker: Worker, job: Job, signal: AbortSignal): Promise<JobResult | "gone"> {
    const started = await worker.ready;
    signal.throwIfAborted();
    if (!started.ready)
      throw new PatchbayError(
        "unavailable",
        `Code cannot run on this machine: the package ${engine} could not be loaded (${started.why}). Everything else works without it.`,
      );
    worker.runs++;
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        worker.child.kill("SIGKILL");
        reject(signal.reason);
      };
      const timer = setTimeout(() => {
        worker.child.kill("SIGKILL");
        resolve({ id: job.id, ok: false, code: "code_timeout", message: `It did not end within ${job.timeoutMs} ms.` });
      }, job.timeoutMs + GRACE_MS);
      worker.settle = (result) => {
        if (result !== "gone" && result.id !== job.id) return;
        clearTimeout(timer);
        signal.removeEventListener("abort", onAbort);
        resolve(result);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      worker.child.send(job, (error) => error && worker.settle?.("gone"));
    });
  }

  return {
    evaluate: async (source, input, limits, signal) => {
      signal.throwIfAborted();
      if (closed) throw new PatchbayError("unavailable", "The server is stopping.");
      const json = JSON.stringify(input);
      if (json.length > MAX_INPUT)
        throw new PatchbayError("code_failed", `The code's input is larger than ${MAX_INPUT / 1024 / 1024} MB.`);
      const timeoutMs = Math.min(Math.max(Math.floor(limits.timeoutMs), 1), MAX_TIMEOUT_MS);
      const job: Job = { id: nextId++, source, input: json, timeoutMs, memoryMb, maxOutput };
      const worker = await acquire(signal);
      let result: JobResult | "gone" | undefined;
      try {
        result = await runOn(worker, job, signal);
      } finally {
        // A child process that was stopped by force is not used again.
        release(worker, !result || result === "gone" || (!result.ok && result.code !== "code_failed"));
      }
      // V8 ends the process when it runs out of memory and cannot throw.
      if (result === "gone")
        throw new PatchbayError(
          "code_memory",
          `The code ended its process, most likely by using more than ${memoryMb} MB.`,
        );
      if (!result.ok) throw new PatchbayError(result.code, `The code failed. ${result.message}`);
      return parseValue(result.json);
    },
    close: async () => {
      closed = true;
      for (const entry of waiting.splice(0)) entry.drop(new PatchbayError("unavailable", "The server is stopping."));
      await Promise.all(
        [...workers].map(({ child }) => {
          const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
          child.kill("SIGKILL");
          return child.exitCode === null && child.signalCode === null ? ended : undefined;
        }),
      );
    },
  };
}

/** Rejects text that is not JSON, which only code that changed the isolate's built-ins can send. */
function parseValue(json: string): unknown {
  const failed = (why: string) => new PatchbayError("code_failed", `The code failed. Its value is ${why}.`);
  if (isTextTooDeep(json)) throw failed(`nested more than ${MAX_JSON_DEPTH} levels deep`);
  try {
    // A reviver is slow.
    if (!/__proto__|\\u/.test(json)) return JSON.parse(json);
    return JSON.parse(json, (key, value) => (key === "__proto__" ? undefined : value));
  } catch {
    throw failed("not JSON");
  }
}

/** Starts a child process that may read only its own file and the engine's package. */
function spawnWorker(engine: string): ChildProcess {
  const here = dirname(fileURLToPath(import.meta.url));
  // The engine's loader reads /etc/alpine-release to detect the C library.
  const readable = [join(here, "/"), join(here, "../../package.json"), "/etc/alpine-release", ...enginePaths(engine)];
  return spawn(
    process.execPath,
    [
      "--permission",
      "--allow-addons",
      "--no-node-snapshot",
      "--no-warnings",
      "--max-old-space-size=256",
      ...readable.map((path) => `--allow-fs-read=${path}`),
      join(here, "isolate-worker.ts"),
    ],
    { stdio: ["ignore", "ignore", "ignore", "ipc"], env: {}, cwd: tmpdir(), windowsHide: true, serialization: "json" },
  );
}

function enginePaths(engine: string): string[] {
  try {
    const require = createRequire(import.meta.url);
    const home = dirname(require.resolve(`${engine}/package.json`));
    const loader = dirname(createRequire(join(home, "package.json")).resolve("node-gyp-build/package.json"));
    return [join(home, "/"), join(loader, "/")];
  } catch {
    return []; // Not installed: the child process reports it.
  }
}

/**
 * Models that run on this machine from GGUF files in the data folder. They run in a separate process, which starts at
 * the first call and ends after an idle time. Before that nothing is loaded, and node-llama-cpp need not be installed.
 */
import { type ChildProcess, fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { PatchbayError } from "../../../runtime/error.ts";
import { type ChatRequest, ModelProfile } from "../../../runtime/model.ts";
import type { Attempt, Outcome, Sink } from "../attempt.ts";
import { cancelled, type Failure, failure } from "../failure.ts";
import { usageOf } from "../usage.ts";
import { grammarSchema, toFunctions, toHistory } from "./history.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

export interface LocalModel {
  /** The file's name without `.gguf`; a graph names the model `local/<name>`. */
  name: string;
  file: string;
  contextTokens: number;
}

export const MODEL_NAME = /^[a-z0-9][a-z0-9._-]{0,99}$/;

/** Each token of context costs memory. More is allotted only when the note beside the file says so. */
const CONTEXT_TOKENS = 8_192;
const IDLE_MS = 10 * 60_000;
/** A call that takes longer fails with `time_limit`. */
const WALL_MS = 10 * 60_000;

interface Pending {
  onMessage(message: FromWorker): void;
  onExit(): void;
}

export class LocalModels {
  readonly #folder: string;
  readonly #module: string;
  readonly #idleMs: number;
  #worker: ChildProcess | undefined;
  #idle: NodeJS.Timeout | undefined;
  #nextId = 1;
  readonly #pending = new Map<number, Pending>();

  /** `folder`: `<data>/models`. */
  constructor(folder: string, options: { idleMs?: number } = {}) {
    this.#folder = folder;
    this.#module = join(folder, "runtime", "node_modules", "node-llama-cpp", "dist", "index.js");
    this.#idleMs = options.idleMs ?? IDLE_MS;
  }

  /** In order of name. Reads the folder and the notes, not the models. */
  async list(): Promise<LocalModel[]> {
    const names = await readdir(this.#folder).catch(() => [] as string[]);
    const models = names
      .filter((name) => name.endsWith(".gguf") && MODEL_NAME.test(name.slice(0, -5)))
      .sort()
      .map(async (file): Promise<LocalModel> => {
        const name = file.slice(0, -5);
        const note = await readNote(join(this.#folder, `${name}.json`));
        return { name, file: join(this.#folder, file), contextTokens: note.contextTokens ?? CONTEXT_TOKENS };
      });
    return Promise.all(models);
  }

  profile(model: LocalModel): ModelProfile {
    return ModelProfile.parse({
      nativeTools: true,
      format: "native",
      structured: true,
      contextTokens: model.contextTokens,
      outputTokens: Math.min(2_048, Math.floor(model.contextTokens / 4)),
      prices: { input: 0, output: 0 },
    });
  }

  /** Arguments of tool calls are sampled by a grammar of their schema, so they always parse. */
  attempt(request: ChatRequest, model: LocalModel): Attempt {
    return (sink, signal) => {
      const tools = request.tools ?? [];
      return this.#complete(
        {
          type: "ask",
          id: this.#nextId++,
          file: model.file,
          contextTokens: model.contextTokens,
          history: toHistory(request.messages, tools),
          ...(tools.length && { functions: toFunctions(tools) }),
          ...(request.schema && { schema: grammarSchema(request.schema) }),
          maxTokens: request.maxOutputTokens,
          temperature: request.temperature,
          topP: request.topP,
          ...(request.effort && { thoughtTokens: thoughtTokens(request) }),
          stop: request.stop,
        },
        request,
        sink,
        signal,
      );
    };
  }

  /** Reads the file's metadata. Rejects with `bad_response` when it cannot be read as a model. */
  async inspect(file: string, signal: AbortSignal): Promise<{ contextTokens: number; name: string }> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const unreadable = (why: string): void => {
        end();
        reject(new PatchbayError("bad_response", `${file} cannot be read as a model: ${why}`));
      };
      const onAbort = (): void => {
        end();
        reject(signal.reason);
      };
      const end = this.#track(id, {
        onMessage: (message) => {
          if (message.type === "failed") return unreadable(message.message);
          if (message.type !== "inspected") return;
          end();
          resolve({ contextTokens: message.contextTokens, name: message.name });
        },
        onExit: () => unreadable("the process that read it ended."),
      });
      signal.addEventListener("abort", onAbort, { once: true });
      this.#send({ type: "inspect", id, file }).catch((error: unknown) => {
        end();
        reject(error);
      });
    });
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    if (!worker) return;
    this.#worker = undefined;
    await new Promise<void>((resolve) => {
      if (worker.exitCode !== null || worker.signalCode !== null) return resolve();
      worker.once("exit", () => resolve());
      worker.kill("SIGKILL");
    });
  }

  #complete(
    ask: Extract<ToWorker, { type: "ask" }>,
    request: ChatRequest,
    sink: Sink,
    signal: AbortSignal,
  ): Promise<Outcome> {
    return new Promise((resolve) => {
      const { id } = ask;
      const callIds: string[] = [];
      const callId = (place: number): string => {
        callIds[place] ??= `local${randomUUID().slice(0, 8)}`;
        return callIds[place];
      };
      let output = "";
      const settle = (outcome: Outcome): void => {
        end();
        clearTimeout(wall);
        signal.removeEventListener("abort", onAbort);
        resolve(outcome);
      };
      const fail = (failed: Failure): void =>
        settle({ failure: failed, usage: output ? usageOf(request, output, undefined, undefined) : undefined });
      const stop = (failed: Failure): void => {
        void this.#send({ type: "cancel", id }).catch(() => {});
        fail(failed);
      };
      const onAbort = (): void => stop(cancelled());
      const end = this.#track(id, {
        onMessage: (message) => {
          switch (message.type) {
            case "text":
              output += message.text;
              if (message.kind === "text") sink.text(message.text);
              else sink.reasoning(message.text);
              break;
            case "call-piece": {
              const first = callIds[message.call] === undefined;
              output += message.text;
              sink.callPiece(callId(message.call), first ? message.name : undefined, message.text);
              break;
            }
            case "failed":
              fail(failure("bad_response", `The local model failed: ${message.message}`));
              break;
            case "done": {
              message.calls.forEach(({ name, params }, place) => {
                sink.call({ id: callId(place), name, arguments: params });
              });
              const usage = usageOf(request, output, message.inputTokens, message.outputTokens);
              settle({ reason: message.calls.length ? "tools" : message.reason, usage, streamed: true });
            }
          }
        },
        onExit: () =>
          fail(
            failure(
              "connection_lost",
              "The process of the local model ended during the call. The machine may be short of memory. Try a smaller model.",
            ),
          ),
      });
      const wall = setTimeout(
        () => stop(failure("time_limit", `The local model had not finished after ${WALL_MS / 60_000} minutes.`)),
        WALL_MS,
      );
      signal.addEventListener("abort", onAbort, { once: true });
      if (signal.aborted) return onAbort();
      this.#send(ask).catch((error: unknown) => {
        const known = error instanceof PatchbayError ? error : undefined;
        fail(failure(known?.code ?? "unavailable", known?.message ?? String(error)));
      });
    });
  }

  #track(id: number, pending: Pending): () => void {
    clearTimeout(this.#idle);
    this.#pending.set(id, pending);
    return () => {
      this.#pending.delete(id);
      if (this.#pending.size > 0) return;
      clearTimeout(this.#idle);
      this.#idle = setTimeout(() => void this.close(), this.#idleMs);
      this.#idle.unref();
    };
  }

  /** Rejects with `model_missing` when node-llama-cpp is not installed. */
  async #send(message: ToWorker): Promise<void> {
    if (message.type === "cancel") {
      this.#worker?.send(message);
      return;
    }
    if (!this.#worker && !existsSync(this.#module)) {
      throw new PatchbayError(
        "model_missing",
        "Local models need node-llama-cpp, which is not installed. Run: npx patchbay models install <file or URL of a GGUF model>.",
      );
    }
    this.#worker ??= this.#start();
    const worker = this.#worker;
    await new Promise<void>((resolve, reject) => {
      worker.send(message, (error) => (error ? reject(error) : resolve()));
    });
  }

  #start(): ChildProcess {
    const worker = fork(new URL("./worker.ts", import.meta.url), [this.#module], {
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      // The server's environment holds keys, so it is not passed on.
      env: { PATH: process.env.PATH, HOME: process.env.HOME },
      serialization: "advanced",
    });
    worker.unref();
    worker.channel?.unref();
    worker.on("message", (message: FromWorker) => this.#pending.get(message.id)?.onMessage(message));
    worker.on("error", () => {});
    worker.once("exit", () => {
      if (this.#worker === worker) this.#worker = undefined;
      for (const pending of [...this.#pending.values()]) pending.onExit();
    });
    return worker;
  }
}

async function readNote(file: string): Promise<{ contextTokens?: number }> {
  try {
    const { contextTokens } = JSON.parse(await readFile(file, "utf8")) as { contextTokens?: unknown };
    return typeof contextTokens === "number" && contextTokens > 0 ? { contextTokens } : {};
  } catch {
    return {};
  }
}

/** Reasoning may take this share of the output. */
const THOUGHT_SHARE = { none: 0, low: 0.2, medium: 0.5, high: 0.8 };

function thoughtTokens({ effort, maxOutputTokens = 2_048 }: ChatRequest): number {
  return Math.floor(maxOutputTokens * THOUGHT_SHARE[effort ?? "medium"]);
}

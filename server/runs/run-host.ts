/** The `Host` of one run, over the services. */
import type { CompiledGraph } from "../../runtime/compile.ts";
import { PatchbayError } from "../../runtime/error.ts";
import { type Delta, type RunEvent, TERMINAL } from "../../runtime/event.ts";
import type { Host, HttpRequest, HttpResponse, SearchMode } from "../../runtime/host.ts";
import type { Document, FileRef, Message } from "../../runtime/message.ts";
import type { ChatRequest, Model, ModelEvent } from "../../runtime/model.ts";
import type { RankedTool, ToolOffer, ToolResult, ToolSpec } from "../../runtime/tool.ts";
import type { Quota } from "../keys/service.ts";
import { fileText } from "../knowledge/parsers/file-text.ts";
import type { Knowledge } from "../knowledge/service.ts";
import { newId } from "../lib/ids.ts";
import { notFound } from "../lib/not-found.ts";
import type { Models } from "../models/service.ts";
import type { SafeFetch } from "../net/service.ts";
import { faultPoint, faultsArmed } from "../process/fault.ts";
import type { Sandbox } from "../sandbox/service.ts";
import type { EventLog, Idempotency } from "../stores/event-log.ts";
import type { Files } from "../stores/files.ts";
import type { Toolbox } from "../tools/service.ts";
import type { Feed } from "./feed.ts";
import type { RunFiles } from "./run-files.ts";

/** Events that must be stored before the run continues. */
const URGENT: ReadonlySet<RunEvent["type"]> = new Set([
  "tool-start",
  "tool-end",
  "run-wait",
  "run-resume",
  ...TERMINAL,
]);

export interface RunHostDeps {
  log: EventLog;
  models: Models;
  toolbox: Toolbox;
  knowledge: Knowledge;
  files: Files;
  runFiles: Pick<RunFiles, "use">;
  fetch: SafeFetch;
  sandbox: Sandbox;
  quota: Quota;
  called(agent: string, version: number | undefined, draft: boolean): Promise<CompiledGraph>;
  /** A graph that was saved with the run. Rejects with `not_found`. */
  graph(hash: string): Promise<CompiledGraph>;
  history(session: string, key: string, run: string, replaces?: string): Promise<Message[]>;
}

interface RunHostOptions {
  run: string;
  feed: Feed;
  /** Owner of the files that the run creates; absent: the admin. */
  key?: string;
  draft: boolean;
  /** See `run-start`. */
  replaces?: string;
  /** See `run-start`. */
  agents?: Record<string, string>;
  idempotency?: Idempotency;
  /** The caller waits for acceptance: the first event is stored at once. */
  eager?: boolean;
}

export class RunHost implements Host {
  readonly artifact: Host["artifact"];
  /** `seq` of the last event. */
  last = -1;
  readonly #deps: RunHostDeps;
  readonly #options: RunHostOptions;
  #parked: PatchbayError | undefined;

  constructor(deps: RunHostDeps, options: RunHostOptions) {
    this.#deps = deps;
    this.#options = options;
    this.artifact = {
      put: async (file) => {
        const ref = await deps.files.put({ ...file, ...(options.key !== undefined && { owner: options.key }) });
        await deps.runFiles.use(options.run, [ref.id]);
        return ref;
      },
      get: async (id) => {
        const { ref, bytes, owner } = await deps.files.get(id);
        if (options.key !== undefined && owner !== options.key) throw notFound("file", id);
        return { ref, bytes };
      },
    };
  }

  /** Stores no more events; the next process resumes the run from what is stored. */
  park(): void {
    this.#parked = new PatchbayError("unavailable", "The server is stopping; the run continues after the restart.");
  }

  get isParked(): boolean {
    return this.#parked !== undefined;
  }

  append(event: RunEvent): Promise<void> {
    if (this.#parked) return Promise.reject(this.#parked);
    if (faultsArmed) faultBeforeAppend(event);
    this.last = event.seq;
    this.#options.feed.closeSegments(event);
    const begins = event.type === "run-start";
    const stored = this.#deps.log.append(event, {
      // A message with tool calls is stored together with the `tool-start` of its first call, which is urgent.
      urgent: URGENT.has(event.type) || (begins && this.#options.eager === true),
      ...(begins && this.#options.idempotency && { idempotency: this.#options.idempotency }),
    });
    return faultsArmed ? stored.then(() => faultAfterAppend(event)) : stored;
  }

  delta(delta: Delta): void {
    this.#options.feed.add(delta, this.last);
  }

  listening(): boolean {
    return this.#options.feed.isTextWanted;
  }

  model(name: string): Promise<Model> {
    return this.#deps.models.resolve(name);
  }

  chat(request: ChatRequest, signal: AbortSignal): AsyncIterable<ModelEvent> {
    const events = this.#chat(request, signal, { quiet: !this.#options.feed.isTextWanted });
    return faultsArmed ? faultMidStream(events) : events;
  }

  /** Calls a model within the quota of the run's key. */
  #chat: Models["chat"] = (request, signal, options) => {
    const { key } = this.#options;
    const call = () => this.#deps.models.chat(request, signal, options);
    return key === undefined ? call() : this.#deps.quota.chat(key, request, signal, call);
  };

  embed(texts: string[], signal: AbortSignal): Promise<number[][]> {
    return this.#deps.models.embed(texts, signal);
  }

  searchKnowledge(
    name: string,
    query: string,
    options: { limit: number; mode: SearchMode; minScore?: number },
    signal: AbortSignal,
  ): Promise<Document[]> {
    return this.#deps.knowledge.search(name, query, options, signal);
  }

  tools(names: string[]): Promise<ToolSpec[]> {
    return this.#deps.toolbox.specs(names);
  }

  searchTools(query: string, offered: ToolOffer[], limit: number, signal: AbortSignal): Promise<RankedTool[]> {
    return this.#deps.toolbox.search(query, offered, limit, signal);
  }

  callTool(
    call: { id: string; tool: string; arguments: unknown },
    options: { idempotencyKey: string; onProgress?(text: string): void },
    signal: AbortSignal,
  ): Promise<ToolResult> {
    const called = this.#callTool(call, options, signal);
    return faultsArmed ? called.finally(() => faultPoint("after-tool-return-before-result")) : called;
  }

  async #callTool(...[call, options, signal]: Parameters<Host["callTool"]>): Promise<ToolResult> {
    const result = await this.#deps.toolbox.call(call, { ...options, chat: this.#chat }, signal);
    if (result.files?.length)
      await this.#deps.runFiles.use(
        this.#options.run,
        result.files.map(({ id }) => id),
      );
    return result;
  }

  fetch(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    return this.#deps.fetch(request, signal);
  }

  evaluate(
    source: string,
    input: Record<string, unknown>,
    limits: { timeoutMs: number },
    signal: AbortSignal,
  ): Promise<unknown> {
    return this.#deps.sandbox.evaluate(source, input, limits, signal);
  }

  graph(agent: string, version?: number): Promise<CompiledGraph> {
    const { agents, draft } = this.#options;
    const hash = version === undefined && agents && Object.hasOwn(agents, agent) ? agents[agent] : undefined;
    return hash === undefined ? this.#deps.called(agent, version, draft) : this.#deps.graph(hash);
  }

  history(session: string): Promise<Message[]> {
    const { key = "", run, replaces } = this.#options;
    return this.#deps.history(session, key, run, replaces);
  }

  async fileText(file: FileRef): Promise<string | undefined> {
    const { ref, bytes } = await this.artifact.get(file.id);
    return fileText(ref, bytes);
  }

  now(): number {
    return Date.now();
  }

  newId(): string {
    return newId();
  }

  random(): number {
    return Math.random();
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal.reason);
      };
      const timer = setTimeout(() => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      }, ms);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }
}

/* ---- fault points for the crash tests ---- */

function faultBeforeAppend(event: RunEvent): void {
  faultPoint("before-event-append");
  if (TERMINAL.has(event.type)) faultPoint("before-terminal");
}

function faultAfterAppend(event: RunEvent): void {
  faultPoint("after-event-append");
  if (event.type === "run-start") faultPoint("after-accept");
  if (event.type === "tool-start") faultPoint("after-intent");
}

async function* faultMidStream(events: AsyncIterable<ModelEvent>): AsyncGenerator<ModelEvent, void, void> {
  for await (const event of events) {
    if (event.type !== "end") faultPoint("mid-llm-stream");
    yield event;
  }
}

/** The deps of one run: `Host` over the services. Made for each run; it keeps nothing but what the run itself needs. */
import type { CompiledGraph } from "../../runtime/compile.ts";
import { PatchbayError } from "../../runtime/error.ts";
import { type Delta, type RunEvent, TERMINAL } from "../../runtime/event.ts";
import type { Host, HttpRequest, HttpResponse, SearchMode } from "../../runtime/host.ts";
import type { Document, Message } from "../../runtime/message.ts";
import type { ChatRequest, Model, ModelEvent } from "../../runtime/model.ts";
import type { RankedTool, ToolOffer, ToolResult, ToolSpec } from "../../runtime/tool.ts";
import type { Quota } from "../keys/service.ts";
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

/** Events that are on disk before the next thing happens. */
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
  fetch: SafeFetch;
  sandbox: Sandbox;
  quota: Quota;
  called(agent: string, version: number | undefined, draft: boolean): Promise<CompiledGraph>;
  /** A graph that was saved with the run. Rejects with `not_found`. */
  graph(hash: string): Promise<CompiledGraph>;
  history(session: string, key: string, run: string): Promise<Message[]>;
}

interface RunHostOptions {
  run: string;
  feed: Feed;
  /** Whose files it makes; absent: the admin's. */
  key?: string;
  draft: boolean;
  /** See `run-start`. */
  agents?: Record<string, string>;
  idempotency?: Idempotency;
  /** Its acceptance is waited for: the first event is written at once. */
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
      put: (file) => deps.files.put({ ...file, ...(options.key !== undefined && { owner: options.key }) }),
      get: async (id) => {
        const { ref, bytes, owner } = await deps.files.get(id);
        if (options.key !== undefined && owner !== options.key) throw notFound("file", id);
        return { ref, bytes };
      },
    };
  }

  /** From now on nothing is stored: the run is left as it stands, to be resumed by the next process. */
  park(): void {
    this.#parked = new PatchbayError(
      "unavailable",
      "The server is stopping; the run goes on when it is started again.",
    );
  }

  get isParked(): boolean {
    return this.#parked !== undefined;
  }

  append(event: RunEvent): Promise<void> {
    if (this.#parked) return Promise.reject(this.#parked);
    if (faultsArmed) reached(event);
    this.last = event.seq;
    this.#options.feed.pass(event);
    const begins = event.type === "run-start";
    const stored = this.#deps.log.append(event, {
      // A message with calls is written with the intent of its first call, which is waited for.
      urgent: URGENT.has(event.type) || (begins && this.#options.eager === true),
      ...(begins && this.#options.idempotency && { idempotency: this.#options.idempotency }),
    });
    return faultsArmed ? stored.then(() => passed(event)) : stored;
  }

  delta(delta: Delta): void {
    this.#options.feed.add(delta, this.last);
  }

  listening(): boolean {
    return this.#options.feed.wanted;
  }

  model(name: string): Promise<Model> {
    return this.#deps.models.resolve(name);
  }

  chat(request: ChatRequest, signal: AbortSignal): AsyncIterable<ModelEvent> {
    const events = this.#ask(request, signal, { quiet: !this.#options.feed.wanted });
    return faultsArmed ? interrupted(events) : events;
  }

  /** Asks a model on the account of the run's key. */
  #ask: Models["chat"] = (request, signal, options) => {
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
    options: { idempotencyKey: string },
    signal: AbortSignal,
  ): Promise<ToolResult> {
    const called = this.#deps.toolbox.call(call, { ...options, chat: this.#ask }, signal);
    return faultsArmed ? called.finally(() => faultPoint("after-tool-return-before-result")) : called;
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
    return this.#deps.history(session, this.#options.key ?? "", this.#options.run);
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

/* ---- places of the crash harness ---- */

function reached(event: RunEvent): void {
  faultPoint("before-event-append");
  if (TERMINAL.has(event.type)) faultPoint("before-terminal");
}

function passed(event: RunEvent): void {
  faultPoint("after-event-append");
  if (event.type === "run-start") faultPoint("after-accept");
  if (event.type === "tool-start") faultPoint("after-intent");
}

async function* interrupted(events: AsyncIterable<ModelEvent>): AsyncGenerator<ModelEvent, void, void> {
  for await (const event of events) {
    if (event.type !== "end") faultPoint("mid-llm-stream");
    yield event;
  }
}

/**
 * Writes events to runs.db in batches, through the thread that syncs them. Events that are not urgent wait a moment, so
 * that a short run is one write.
 */
import type { Worker } from "node:worker_threads";
import { PatchbayError } from "../../../runtime/error.ts";
import type { RunEvent } from "../../../runtime/event.ts";
import type { RunRow } from "../../contract/run.ts";
import type { Idempotency } from "../event-log.ts";
import { addEvent, appendError, failRun, type LiveRun, newLiveRun, takeWrite, type Write } from "../live-run.ts";
import { insertValues, updateValues } from "../run-cells.ts";
import { indexEvent, wakesAt } from "../run-row.ts";
import { storageError } from "./database.ts";
import type { FromWorker, Item, ToWorker } from "./event-log-schema.ts";

/** The longest time that an event without `urgent` waits for its batch. */
const MAX_DELAY_MS = 20;
/** Batches in the thread at once: one that is synced, and the next. Later events collect here. */
const MAX_SENT = 2;

interface SqliteRun extends LiveRun {
  /** It was parked or loaded, and nothing of it was written since. */
  unpark: boolean;
  /** It is part of the next batch; otherwise its events wait. */
  due: boolean;
}

/** A run's part of a batch that was sent. */
interface Part {
  live: SqliteRun;
  last: number;
  done: PromiseWithResolvers<void>;
}

interface Sent {
  parts: Part[];
  graphs: [hash: string, body: string][];
}

type WithoutNumber<T> = T extends { call: number } ? Omit<T, "call"> : never;
type Call = WithoutNumber<ToWorker>;

export interface WriterOptions {
  /** Removes known secrets from the text of every event. */
  redact?(text: string): string;
  /** Row and events of a run that did not begin in this process, as stored. */
  load(run: string): { row: RunRow | undefined; events: RunEvent[] };
}

export class EventLogWriter {
  readonly #worker: Worker;
  readonly #options: WriterOptions;
  readonly #live = new Map<string, SqliteRun>();
  readonly #watchers = new Map<string, Set<() => void>>();

  /** Runs whose events wait, and those that are part of the next batch. */
  readonly #delayed = new Set<SqliteRun>();
  #due: SqliteRun[] = [];
  /** Graphs for the next batch, and all that are not known to be on disk yet. */
  #graphs: [hash: string, body: string][] = [];
  readonly #newGraphs = new Map<string, string>();

  readonly #sent = new Map<number, Sent>();
  readonly #calls = new Map<number, { resolve(result: number): void; reject(error: PatchbayError): void }>();
  #next = 1;
  #timer: NodeJS.Timeout | undefined;
  #sendSoon = false;
  /** The next batch is sent when one of the sent batches is done. */
  #overdue = false;
  #closed: PatchbayError | undefined;

  constructor(worker: Worker, options: WriterOptions) {
    this.#worker = worker;
    this.#options = options;
    worker.on("message", (message: FromWorker) => this.#onMessage(message));
    worker.on("error", (error) => this.#break(error));
  }

  /** See `EventLog.append`. */
  append(event: RunEvent, options: { urgent?: boolean; idempotency?: Idempotency }): Promise<void> {
    if (this.#closed) return Promise.reject(this.#closed);
    let live = this.#live.get(event.run);
    if (!live) {
      live = event.type === "run-start" ? newRun() : this.#load(event.run);
      this.#live.set(event.run, live);
    }
    const refused = appendError(live, event);
    if (refused) return Promise.reject(refused);
    const stored = addEvent(live, event, { idempotency: options.idempotency, redact: this.#options.redact });
    if (options.urgent || this.#watchers.has(event.run)) this.#writeSoon(live);
    else if (!live.due) {
      this.#delayed.add(live);
      this.#timer ??= setTimeout(() => this.#sendDelayed(), MAX_DELAY_MS);
    }
    return stored;
  }

  /** `seq` of the last event on disk, for a run that is live here. */
  stored(run: string): number | undefined {
    return this.#live.get(run)?.stored;
  }

  /** See `EventLog.watch`. */
  watch(run: string, listener: () => void): () => void {
    let listeners = this.#watchers.get(run);
    if (!listeners) {
      listeners = new Set();
      this.#watchers.set(run, listeners);
    }
    listeners.add(listener);
    // The run has a reader now: write the delayed events at once.
    const live = this.#live.get(run);
    if (live?.write) this.#writeSoon(live);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#watchers.get(run) === listeners) this.#watchers.delete(run);
    };
  }

  /** Whether the run is live here: it began or was resumed, and neither ended nor was released. */
  has(run: string): boolean {
    return this.#live.has(run);
  }

  /** Releases a run that only waits for people. Resolves when that is on disk. */
  async park(run: string): Promise<void> {
    const live = this.#live.get(run);
    if (!live?.state || live.failed || live.ended) return;
    await live.write?.promise;
    // The run was continued meanwhile.
    if (live.stored !== live.appended || this.#live.get(run) !== live) return;
    this.#live.delete(run);
    await this.call({ op: "park", run, wakesAt: wakesAt(live.state) });
  }

  /** Releases a run whose events are all on disk. `force`: in any state, to load it again. */
  forget(run: string, force = false): void {
    const live = this.#live.get(run);
    if (force || (live && !live.write && live.stored === live.appended)) this.#live.delete(run);
  }

  /** Stores a graph with the next batch. */
  saveGraph(hash: string, body: string): void {
    this.#newGraphs.set(hash, body);
    this.#graphs.push([hash, body]);
    this.#timer ??= setTimeout(() => this.#sendDelayed(), MAX_DELAY_MS);
  }

  /** The text of a graph that is not known to be on disk yet. */
  newGraph(hash: string): string | undefined {
    return this.#newGraphs.get(hash);
  }

  /** Runs an operation in the thread, after all that was sent before. Resolves with how many rows it changed. */
  call(message: Call): Promise<number> {
    if (this.#closed && message.op !== "close") return Promise.reject(this.#closed);
    const number = this.#next++;
    return new Promise((resolve, reject) => {
      this.#calls.set(number, { resolve, reject });
      this.#worker.postMessage({ call: number, ...message } satisfies ToWorker);
    });
  }

  /** Rejects later appends; resolves when all earlier events are on disk or failed. False when it was already closed. */
  async drain(): Promise<boolean> {
    if (this.#closed) return false;
    this.#closed = new PatchbayError("unavailable", "The server is stopping.");
    for (this.#sendDelayed(); this.#sent.size > 0 || this.#due.length > 0 || this.#graphs.length > 0; this.#send())
      await Promise.allSettled([...this.#sent.values()].flatMap((sent) => sent.parts.map((part) => part.done.promise)));
    return true;
  }

  async close(): Promise<void> {
    await this.call({ op: "close" });
    await this.#worker.terminate();
  }

  #load(run: string): SqliteRun {
    const { row, events } = this.#options.load(run);
    const live = newRun();
    live.appended = live.stored = events.at(-1)?.seq ?? -1;
    // Usage and open waits are folded again: a row is written only when its status changes.
    for (const event of events) live.state = indexEvent(live.state, event).state;
    live.ended = row?.endedAt !== undefined;
    live.unpark = true;
    return live;
  }

  /** Writes at the end of this turn of the event loop, so that events appended together go into one batch. */
  #writeSoon(live: SqliteRun): void {
    if (!live.due) {
      live.due = true;
      this.#delayed.delete(live);
      this.#due.push(live);
    }
    if (this.#sendSoon) return;
    this.#sendSoon = true;
    setImmediate(() => this.#send());
  }

  #sendDelayed(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const live of this.#delayed) {
      live.due = true;
      this.#due.push(live);
    }
    this.#delayed.clear();
    this.#send();
  }

  #send(): void {
    this.#sendSoon = false;
    if (this.#sent.size >= MAX_SENT) {
      this.#overdue = true;
      return;
    }
    this.#overdue = false;
    const graphs = this.#graphs;
    const lives = this.#due;
    this.#due = [];
    this.#graphs = [];
    const items: Item[] = [];
    const parts: Part[] = [];
    for (const live of lives) {
      live.due = false;
      // The run has failed meanwhile.
      if (!live.write) continue;
      const write = takeWrite(live);
      items.push(itemOf(write, live.unpark));
      parts.push({ live, last: write.chunk.last, done: write.done });
      live.unpark = false;
    }
    if (items.length === 0 && graphs.length === 0) return;
    const number = this.#next++;
    this.#sent.set(number, { parts, graphs });
    const message: ToWorker = { batch: number, items };
    if (graphs.length > 0) message.graphs = graphs;
    this.#worker.postMessage(message);
  }

  #onMessage(message: FromWorker): void {
    if ("batch" in message) {
      const { parts, graphs } = this.#sent.get(message.batch)!;
      this.#sent.delete(message.batch);
      const error = message.error && storageError(message.error);
      const failed = message.failed && new Map(message.failed.map((one) => [one.index, storageError(one.error)]));
      for (const [index, part] of parts.entries()) {
        const failure = error ?? failed?.get(index);
        if (failure) this.#fail(part, failure);
        else this.#succeed(part);
      }
      if (!error) for (const [hash] of graphs) this.#newGraphs.delete(hash);
      // Graphs that could not be stored go into the next batch.
      else if (!this.#closed) this.#graphs.push(...graphs);
      if (this.#overdue) this.#send();
    } else if ("call" in message) {
      const call = this.#calls.get(message.call);
      this.#calls.delete(message.call);
      if (message.error) call?.reject(storageError(message.error));
      else call?.resolve(message.result ?? 0);
    }
  }

  #succeed({ live, last, done }: Part): void {
    const run = live.state!.row.id;
    live.stored = last;
    if (live.ended && last === live.appended && this.#live.get(run) === live) this.#live.delete(run);
    done.resolve();
    const listeners = this.#watchers.get(run);
    if (listeners) for (const listener of [...listeners]) listener();
  }

  #fail({ live, done }: Part, error: PatchbayError): void {
    done.reject(error);
    failRun(live, error);
    this.#delayed.delete(live);
  }

  /** The thread died: nothing can be stored any more. */
  #break(cause: unknown): void {
    this.#closed = new PatchbayError("unavailable", "The thread that writes runs.db died; restart the server.", {
      cause,
    });
    for (const { parts } of this.#sent.values()) for (const { done } of parts) done.reject(this.#closed);
    for (const live of this.#live.values()) live.write?.reject(this.#closed);
    for (const call of this.#calls.values()) call.reject(this.#closed);
    this.#sent.clear();
    this.#calls.clear();
  }
}

function newRun(): SqliteRun {
  return { ...newLiveRun(), unpark: false, due: false };
}

function itemOf({ chunk, row, begins, update }: Write, unpark: boolean): Item {
  const { id = null, bodyHash = null } = begins?.idempotency ?? {};
  return {
    ...chunk,
    ...(begins && { insert: [...insertValues(row), id, bodyHash] }),
    ...(update && !begins && { update: updateValues(row) }),
    ...(unpark && { unpark }),
  };
}

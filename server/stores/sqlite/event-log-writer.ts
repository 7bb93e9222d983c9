/**
 * What is written to runs.db: events become text here, once, and go in batches to the thread that syncs them. Of each
 * run what need not be waited for is held back a moment, so that a short run is one write.
 * Longer than most files: batching, errors and recovery change the same state of a run.
 */
import type { Worker } from "node:worker_threads";
import { PatchbayError } from "../../../runtime/error.ts";
import { type RunEvent, TERMINAL } from "../../../runtime/event.ts";
import type { RunRow } from "../../contract/run.ts";
import type { Idempotency } from "../event-log.ts";
import { insertValues, updateValues } from "../run-cells.ts";
import { indexEvent, type RowState, wakesAt } from "../run-row.ts";
import { storageError } from "./database.ts";
import { type Cell, type FromWorker, type Item, ROW_COLUMNS, type ToWorker } from "./event-log-schema.ts";

/** The longest that an event which need not be waited for is held back. */
const HOLD_MS = 20;
/** Batches on their way at once: one that is being synced and the next. What comes meanwhile fills a third here. */
const MAX_SENT = 2;

type Settled = PromiseWithResolvers<void>;

/** A run that is being written. */
interface Live {
  state: RowState | undefined;
  /** `seq` of the last event appended, and of the last one on disk. */
  appended: number;
  stored: number;
  ended: boolean;
  /** Set while nothing more of the run can be stored. */
  failed?: PatchbayError;
  /** What waits to be sent, and what settles when it is on disk. */
  lines: string[];
  chunk?: Settled;
  insert?: Cell[];
  update: boolean;
  /** It was taken up again, and nothing of it was written since. */
  unpark: boolean;
  /** It goes with the next batch; else what waits is held back. */
  due: boolean;
}

/** A run's part of a batch on its way. */
interface Part {
  live: Live;
  last: number;
  chunk: Settled;
}

interface Sent {
  parts: Part[];
  graphs: [hash: string, body: string][];
}

type WithoutNumber<T> = T extends { call: number } ? Omit<T, "call"> : never;
type Call = WithoutNumber<ToWorker>;

export interface WriterOptions {
  /** Takes known secrets out of every event's text. */
  redact?(text: string): string;
  /** A run that this process did not begin: its row and all of its events, as they are on disk. */
  load(run: string): { row: RunRow | undefined; events: RunEvent[] };
}

export class EventLogWriter {
  readonly #worker: Worker;
  readonly #options: WriterOptions;
  readonly #live = new Map<string, Live>();
  readonly #watchers = new Map<string, Set<() => void>>();

  /** Runs of which something is held back, and those that go with the next batch. */
  readonly #held = new Set<Live>();
  #due: Live[] = [];
  /** Graphs that go with the next batch, and all that are not known to be on disk yet. */
  #graphs: [hash: string, body: string][] = [];
  readonly #newGraphs = new Map<string, string>();

  readonly #sent = new Map<number, Sent>();
  readonly #calls = new Map<number, { resolve(result: number): void; reject(error: PatchbayError): void }>();
  #next = 1;
  #timer: NodeJS.Timeout | undefined;
  #sendSoon = false;
  /** The next batch goes as soon as another one is back. */
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
      live = event.type === "run-start" ? fresh() : this.#load(event.run);
      this.#live.set(event.run, live);
    }
    if (live.failed) return Promise.reject(live.failed);
    if (event.seq !== live.appended + 1 || live.ended)
      return Promise.reject(
        new PatchbayError(
          "conflict",
          `Run ${event.run} stands at event ${live.appended}${live.ended ? ", its last" : ""}; event ${event.seq} does not follow.`,
        ),
      );
    const { state, changed } = indexEvent(live.state, event);
    live.state = state;
    live.appended = event.seq;
    const text = JSON.stringify(event);
    live.lines.push(this.#options.redact ? this.#options.redact(text) : text);
    if (event.type === "run-start")
      live.insert = [
        ...insertValues(state.row),
        options.idempotency?.id ?? null,
        options.idempotency?.bodyHash ?? null,
      ];
    else if (changed) live.update = true;
    if (TERMINAL.has(event.type)) live.ended = true;

    if (!live.chunk) {
      live.chunk = Promise.withResolvers<void>();
      // Where nobody waits for it, nobody needs to hear that it failed: the next append says so.
      live.chunk.promise.catch(() => {});
    }
    if (options.urgent || this.#watchers.has(event.run)) this.#hurry(live);
    else if (!live.due) {
      this.#held.add(live);
      this.#timer ??= setTimeout(() => this.#sendHeld(), HOLD_MS);
    }
    return live.chunk.promise;
  }

  /** `seq` of the last event on disk, where the run is being written here. */
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
    // Somebody looks: what was held back comes at once.
    const live = this.#live.get(run);
    if (live?.chunk) this.#hurry(live);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#watchers.get(run) === listeners) this.#watchers.delete(run);
    };
  }

  /** Whether the run is being written here: it began or was taken up, and neither ended nor was let go. */
  has(run: string): boolean {
    return this.#live.has(run);
  }

  /** Lets go of a run that waits for people alone. Resolves when that is on disk. */
  async park(run: string): Promise<void> {
    const live = this.#live.get(run);
    if (!live?.state || live.failed || live.ended) return;
    await live.chunk?.promise;
    // Somebody went on with it meanwhile.
    if (live.stored !== live.appended || this.#live.get(run) !== live) return;
    this.#live.delete(run);
    await this.call({ op: "park", run, wakesAt: wakesAt(live.state) });
  }

  /** Lets go of a run of which all is on disk. `force`: whatever its state, to be loaded anew. */
  forget(run: string, force = false): void {
    const live = this.#live.get(run);
    if (force || (live && !live.chunk && live.stored === live.appended)) this.#live.delete(run);
  }

  /** Stores a graph with the next batch. */
  saveGraph(hash: string, body: string): void {
    this.#newGraphs.set(hash, body);
    this.#graphs.push([hash, body]);
    this.#timer ??= setTimeout(() => this.#sendHeld(), HOLD_MS);
  }

  /** The text of a graph that is not known to be on disk yet. */
  newGraph(hash: string): string | undefined {
    return this.#newGraphs.get(hash);
  }

  /** Has the thread do something beside events, after all that was sent before. Resolves with how many rows it changed. */
  call(message: Call): Promise<number> {
    if (this.#closed && message.op !== "close") return Promise.reject(this.#closed);
    const number = this.#next++;
    return new Promise((resolve, reject) => {
      this.#calls.set(number, { resolve, reject });
      this.#worker.postMessage({ call: number, ...message } satisfies ToWorker);
    });
  }

  /** Takes nothing more in; resolves when all that was taken in is on disk or cannot be. False when it was closed before. */
  async drain(): Promise<boolean> {
    if (this.#closed) return false;
    this.#closed = new PatchbayError("unavailable", "The server is stopping.");
    for (this.#sendHeld(); this.#sent.size > 0 || this.#due.length > 0 || this.#graphs.length > 0; this.#send())
      await Promise.allSettled(
        [...this.#sent.values()].flatMap((sent) => sent.parts.map((part) => part.chunk.promise)),
      );
    return true;
  }

  async close(): Promise<void> {
    await this.call({ op: "close" });
    await this.#worker.terminate();
  }

  #load(run: string): Live {
    const { row, events } = this.#options.load(run);
    const live = fresh();
    live.appended = live.stored = events.at(-1)?.seq ?? -1;
    // Usage and open waits are folded anew: a row is written only when its status changes.
    for (const event of events) live.state = indexEvent(live.state, event).state;
    live.ended = row?.endedAt !== undefined;
    live.unpark = true;
    return live;
  }

  /** What waits of the run goes when this turn of the event loop is over, so that what comes together goes together. */
  #hurry(live: Live): void {
    if (!live.due) {
      live.due = true;
      this.#held.delete(live);
      this.#due.push(live);
    }
    if (this.#sendSoon) return;
    this.#sendSoon = true;
    setImmediate(() => this.#send());
  }

  #sendHeld(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const live of this.#held) {
      live.due = true;
      this.#due.push(live);
    }
    this.#held.clear();
    this.#send();
  }

  #send(): void {
    this.#sendSoon = false;
    if (this.#sent.size >= MAX_SENT) {
      this.#overdue = true;
      return;
    }
    this.#overdue = false;
    if (this.#due.length === 0 && this.#graphs.length === 0) return;
    const lives = this.#due;
    const graphs = this.#graphs;
    this.#due = [];
    this.#graphs = [];
    const items: Item[] = [];
    const parts: Part[] = [];
    for (const live of lives) {
      live.due = false;
      // A run that failed since has nothing more to store.
      if (!live.chunk) continue;
      items.push(itemOf(live));
      parts.push({ live, last: live.appended, chunk: live.chunk });
      live.chunk = undefined;
      live.lines = [];
      live.insert = undefined;
      live.update = false;
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
      const failed = message.failed && new Map(message.failed.map((one) => [one.place, storageError(one.error)]));
      for (let place = 0; place < parts.length; place++) {
        const failure = error ?? failed?.get(place);
        if (failure) this.#fail(parts[place]!, failure);
        else this.#succeed(parts[place]!);
      }
      if (!error) for (const [hash] of graphs) this.#newGraphs.delete(hash);
      // Graphs that could not be stored go with the next batch.
      else if (!this.#closed) this.#graphs.push(...graphs);
      if (this.#overdue) this.#send();
    } else if ("call" in message) {
      const call = this.#calls.get(message.call);
      this.#calls.delete(message.call);
      if (message.error) call?.reject(storageError(message.error));
      else call?.resolve(message.result ?? 0);
    }
  }

  #succeed({ live, last, chunk }: Part): void {
    const run = live.state!.row.id;
    live.stored = last;
    if (live.ended && last === live.appended && this.#live.get(run) === live) this.#live.delete(run);
    chunk.resolve();
    const listeners = this.#watchers.get(run);
    if (listeners) for (const listener of [...listeners]) listener();
  }

  /** What was appended since can be stored no more either: it would leave a gap. */
  #fail({ live, chunk }: Part, error: PatchbayError): void {
    live.failed ??= error;
    chunk.reject(error);
    live.chunk?.reject(error);
    live.chunk = undefined;
    live.lines = [];
    live.insert = undefined;
    live.update = false;
    this.#held.delete(live);
  }

  /** The thread itself died: nothing can be stored any more. */
  #break(cause: unknown): void {
    this.#closed = new PatchbayError("unavailable", "The thread that writes runs.db died; restart the server.", {
      cause,
    });
    for (const { parts } of this.#sent.values()) for (const { chunk } of parts) chunk.reject(this.#closed);
    for (const live of this.#live.values()) live.chunk?.reject(this.#closed);
    for (const call of this.#calls.values()) call.reject(this.#closed);
    this.#sent.clear();
    this.#calls.clear();
  }
}

function fresh(): Live {
  return {
    state: undefined,
    appended: -1,
    stored: -1,
    ended: false,
    lines: [],
    update: false,
    unpark: false,
    due: false,
  };
}

function itemOf(live: Live): Item {
  const { row } = live.state!;
  const item: Item = {
    run: row.id,
    first: live.appended - live.lines.length + 1,
    last: live.appended,
    body: live.lines.length === 1 ? live.lines[0]! : live.lines.join("\n"),
  };
  // A run that began and ended since is written once, as it ended.
  if (live.insert)
    item.insert = live.update ? [...insertValues(row), ...live.insert.slice(ROW_COLUMNS.length)] : live.insert;
  else if (live.update) item.update = updateValues(row);
  if (live.unpark) item.unpark = true;
  return item;
}

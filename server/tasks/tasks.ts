/**
 * Tasks in the record store. A task is on disk before `start` resolves; one that was running when the process ended is
 * started again from its input. Each open task has a second record, so that a restart reads only the open ones.
 */
import { errorData, PatchbayError } from "../../runtime/error.ts";
import type { Task } from "../contract/task.ts";
import { ownFaults } from "../lib/fault-owner.ts";
import { newId } from "../lib/ids.ts";
import type { Records } from "../stores/records.ts";
import type { TaskHandler, Tasks } from "./service.ts";

const KIND = "task";
const OPEN = "task-open";
/** Created by a process that does not execute the task, to cancel it. */
const CANCEL = "task-cancel";
const CONCURRENCY = 2;
/** Progress in between is sent to watchers but not stored. */
const STORE_EVERY_MS = 500;
/** Why a task fails when its handler threw where nothing could catch it. */
const FAULT = "An error inside Patchbay ended this task. The server's log has the details.";
/** Ended tasks that are kept. */
const MAX_ENDED = 2_000;

interface TaskRecord extends Task {
  input: unknown;
}

interface Live {
  record: TaskRecord;
  abort: AbortController;
  storedAt: number;
  startedAt: number;
  /** The last write of this task; the next one follows it. */
  writing: Promise<unknown>;
}

export interface TaskStore extends Tasks {
  /**
   * Starts the tasks again that the last process left open, and deletes the oldest of more than 2,000 ended tasks. Call
   * it once when all handlers are registered. A task of an unknown kind fails.
   */
  resume(): Promise<void>;
  /** Stops running tasks but leaves them open, until this or another process calls `resume`. */
  pause(): Promise<void>;
  /** As `pause`, for good. */
  close(): Promise<void>;
}

/** `leave`: another process executes the tasks that are started here, until `resume` is called. */
export function createTasks(records: Records, options: { leave?: boolean } = {}): TaskStore {
  return new RecordTasks(records, options.leave ?? false);
}

class RecordTasks implements TaskStore {
  readonly #records: Records;
  readonly #handlers = new Map<string, TaskHandler<never>>();
  readonly #live = new Map<string, Live>();
  readonly #queue: Live[] = [];
  readonly #running = new Set<Promise<void>>();
  readonly #listeners = new Map<string, Set<(task: Task) => void>>();
  readonly #stopWatching: () => void;
  #closed = false;
  /** Another process executes the tasks. */
  #paused: boolean;

  constructor(records: Records, leave: boolean) {
    this.#records = records;
    this.#paused = leave;
    this.#stopWatching = records.watch((change) => void this.#onChange(change).catch(() => undefined));
  }

  handle<I>(kind: string, handler: TaskHandler<I>): void {
    this.#handlers.set(kind, handler);
  }

  async start<I>(kind: string, input: I, options: { title?: string } = {}): Promise<Task> {
    if (!this.#handlers.has(kind)) throw new PatchbayError("internal", `Tasks of kind "${kind}" have no handler.`);
    if (this.#closed) throw new PatchbayError("unavailable", "The server is stopping. Try again in a moment.");
    const now = Date.now();
    const record: TaskRecord = {
      id: `task_${newId(now)}`,
      kind,
      status: "queued",
      progress: { done: 0, total: 0, unit: "" },
      ...(options.title !== undefined && { title: options.title }),
      createdAt: now,
      updatedAt: now,
      input,
    };
    await this.#records.put(OPEN, record.id, {});
    await this.#records.put(KIND, record.id, record, { revision: 0 });
    if (!this.#paused) this.#enqueue(record);
    return toTask(record);
  }

  async get(id: string): Promise<Task | undefined> {
    const live = this.#live.get(id);
    if (live) return toTask(live.record);
    const stored = await this.#records.get<TaskRecord>(KIND, id);
    return stored && toTask(stored.body);
  }

  async list(options: { after?: string; limit?: number } = {}): Promise<Task[]> {
    const page = await this.#records.list<TaskRecord>(KIND, { ...options, newestFirst: true });
    return page.map(({ id, body }) => toTask(this.#live.get(id)?.record ?? body));
  }

  async cancel(id: string): Promise<Task | undefined> {
    const live = this.#live.get(id);
    if (!live) {
      const task = await this.get(id);
      // Another process may be executing it, and cancels it.
      if (task && !ended(task)) await this.#records.put(CANCEL, id, {});
      return task;
    }
    const index = this.#queue.indexOf(live);
    if (index >= 0) this.#queue.splice(index, 1);
    live.abort.abort(new PatchbayError("cancelled", "The task was cancelled."));
    await this.#end(live, { status: "cancelled" });
    return toTask(live.record);
  }

  watch(id: string, listener: (task: Task) => void): () => void {
    const listeners = this.#listeners.get(id) ?? new Set();
    this.#listeners.set(id, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(id);
    };
  }

  async resume(): Promise<void> {
    if (this.#closed) return;
    this.#paused = false;
    for (const { id } of await this.#records.list(OPEN, { limit: 100_000 })) {
      if (this.#live.has(id)) continue;
      const stored = await this.#records.get<TaskRecord>(KIND, id);
      if (!stored || ended(stored.body)) await this.#records.delete(OPEN, id);
      else this.#enqueue({ ...stored.body, status: "queued", progress: { done: 0, total: 0, unit: "" } });
    }
    for (const { id } of await this.#records.list(CANCEL)) await this.#cancelRequested(id);
    const [last] = (await this.#records.list(KIND, { newestFirst: true, limit: MAX_ENDED })).slice(MAX_ENDED - 1);
    if (!last) return;
    for (const { id, body } of await this.#records.list<TaskRecord>(KIND, { newestFirst: true, after: last.id }))
      if (ended(body)) await this.#records.delete(KIND, id);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#stopWatching();
    await this.pause();
  }

  async pause(): Promise<void> {
    this.#paused = true;
    this.#queue.length = 0;
    for (const live of this.#live.values())
      live.abort.abort(new PatchbayError("unavailable", "The server is stopping."));
    await Promise.all(this.#running);
    this.#live.clear();
  }

  /** Another process started, updated or cancelled a task. */
  async #onChange(change: { kind: string; id: string } | undefined): Promise<void> {
    if (!change) {
      if (!this.#paused) await this.resume();
    } else if (change.kind === CANCEL) {
      if (!this.#paused) await this.#cancelRequested(change.id);
    } else if (change.kind === KIND && !this.#live.has(change.id)) {
      if (this.#paused && !this.#listeners.has(change.id)) return;
      const stored = await this.#records.get<TaskRecord>(KIND, change.id);
      if (!stored || this.#live.has(change.id)) return;
      for (const listener of this.#listeners.get(change.id) ?? []) listener(toTask(stored.body));
      if (!this.#paused && !ended(stored.body)) this.#enqueue(stored.body);
    }
  }

  async #cancelRequested(id: string): Promise<void> {
    if (this.#live.has(id)) await this.cancel(id);
    await this.#records.delete(CANCEL, id);
  }

  #enqueue(record: TaskRecord): void {
    const live: Live = {
      record,
      abort: new AbortController(),
      storedAt: 0,
      startedAt: 0,
      writing: Promise.resolve(),
    };
    this.#live.set(record.id, live);
    this.#queue.push(live);
    this.#next();
  }

  #next(): void {
    while (!this.#paused && this.#running.size < CONCURRENCY) {
      const live = this.#queue.shift();
      if (!live) return;
      const run = this.#run(live).finally(() => {
        this.#running.delete(run);
        this.#next();
      });
      this.#running.add(run);
    }
  }

  async #run(live: Live): Promise<void> {
    const handler = this.#handlers.get(live.record.kind);
    live.startedAt = performance.now();
    this.#change(live, { status: "running" });
    try {
      if (!handler)
        throw new PatchbayError("unavailable", `This server has no handler for tasks of kind "${live.record.kind}".`);
      await this.#store(live);
      const fault = Promise.withResolvers<never>();
      fault.promise.catch(() => undefined);
      const fail = () => {
        const error = new PatchbayError("internal", FAULT);
        live.abort.abort(error);
        fault.reject(error);
      };
      const work = ownFaults({ kind: "task", id: live.record.id, fail }, () =>
        handler(live.record.input as never, {
          task: live.record.id,
          signal: live.abort.signal,
          progress: (progress) => this.#progress(live, progress),
        }),
      );
      // After a fault the handler may never return, and must not hold the tasks that wait.
      const result = await Promise.race([work, fault.promise]);
      await this.#end(live, { status: "done", ...(result !== undefined && { result }) });
    } catch (thrown) {
      const { code, message } = errorData(thrown);
      await this.#end(live, { status: "failed", error: { code, message } });
    }
  }

  #progress(live: Live, progress: Task["progress"]): void {
    if (live.abort.signal.aborted || ended(live.record)) return;
    const elapsed = (performance.now() - live.startedAt) / 1000;
    const secondsLeft =
      progress.done > 0 && progress.total > progress.done && elapsed > 2
        ? Math.ceil((elapsed / progress.done) * (progress.total - progress.done))
        : undefined;
    this.#change(live, { progress: { ...(secondsLeft !== undefined && { secondsLeft }), ...progress } });
    if (performance.now() - live.storedAt > STORE_EVERY_MS) void this.#store(live).catch(() => undefined);
  }

  /** Only the first end counts: later results of a cancelled task are dropped, and failures after `pause`. */
  async #end(live: Live, change: Partial<TaskRecord>): Promise<void> {
    if (ended(live.record)) return;
    if (this.#paused && change.status === "failed") return;
    this.#change(live, change, false);
    try {
      await this.#store(live);
      await this.#records.delete(OPEN, live.record.id);
    } catch {
      // The store is unavailable: the task stays open, and the next process starts it again.
    }
    this.#notify(live);
    this.#live.delete(live.record.id);
  }

  #change(live: Live, change: Partial<TaskRecord>, notify = true): void {
    live.record = { ...live.record, ...change, updatedAt: Date.now() };
    if (notify) this.#notify(live);
  }

  #notify(live: Live): void {
    for (const listener of this.#listeners.get(live.record.id) ?? []) listener(toTask(live.record));
  }

  async #store(live: Live): Promise<void> {
    live.storedAt = performance.now();
    const write = live.writing.then(() => this.#records.put(KIND, live.record.id, live.record));
    live.writing = write.catch(() => undefined);
    await write;
  }
}

export function ended(task: Pick<Task, "status">): boolean {
  return task.status === "done" || task.status === "failed" || task.status === "cancelled";
}

function toTask({ input: _input, ...task }: TaskRecord): Task {
  return task;
}

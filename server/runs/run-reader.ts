/** Reads the state of runs and follows their events, whichever process executes them. */
import type { RunItem } from "../../runtime/event.ts";
import { foldRun } from "../../runtime/fold-run.ts";
import type { RunResult, RunRow } from "../contract/run.ts";
import { notFound } from "../lib/not-found.ts";
import type { EventLog } from "../stores/event-log.ts";
import type { Cluster } from "./cluster.ts";
import type { Conversations } from "./conversations.ts";
import { follow } from "./follow.ts";
import type { LiveRuns } from "./live-runs.ts";
import type { Runs } from "./service.ts";

interface RunReaderOptions {
  log: EventLog;
  live: LiveRuns;
  conversations: Conversations;
  cluster?: Cluster;
}

export class RunReader {
  readonly #options: RunReaderOptions;

  constructor(options: RunReaderOptions) {
    this.#options = options;
  }

  /** See `Runs.get`. */
  async get(id: string, key?: string): Promise<RunResult> {
    const live = this.#options.live.get(id);
    if (live && key !== undefined && live.key !== key) throw notFound("run", id);
    // The row of a live run exists only after its first event is stored.
    if (live) await live.execution.accepted;
    return this.result(await this.row(id, key));
  }

  /** Rejects with `not_found`, also for a run of another key. */
  async row(id: string, key?: string): Promise<RunRow> {
    const row = await this.#options.log.row(id);
    if (!row || (key !== undefined && row.key !== key)) throw notFound("run", id);
    return row;
  }

  async result(row: RunRow): Promise<RunResult> {
    const session = row.session;
    const result: RunResult = {
      id: row.id,
      status: row.status,
      usage: row.usage,
      ...(session !== undefined && { session }),
    };
    if (row.status === "running" || row.status === "queued") return result;
    if (row.endedAt !== undefined) {
      // The row and the last event hold the whole result, so a long log is not read.
      const { log } = this.#options;
      const [end] = await log.read(row.id, (await log.last(row.id)) - 1, 1);
      if (end?.type === "run-end") result.output = end.output;
      else if (end?.type === "run-fail") result.error = end.error;
      return result;
    }
    const view = foldRun(await this.#options.conversations.events(row.id));
    result.status = view.status;
    result.usage = view.usage;
    if (view.waits.length > 0) result.waits = view.waits;
    return result;
  }

  /** See `Runs.follow`. */
  async *follow(id: string, options: Parameters<Runs["follow"]>[1]): AsyncGenerator<RunItem, void, void> {
    const { log, live, cluster } = this.#options;
    await live.get(id)?.execution.accepted;
    const last = await log.last(id);
    if (last < 0) throw notFound("run", id);
    const feed = live.feed(id);
    // Whether a run that is not live here has settled is read from its row after each change.
    const checkRow = async () => {
      const state = live.get(id) ? undefined : await this.#settledState(id);
      if (state && !live.get(id)) feed.settle(await log.last(id), state === "ended");
    };
    const stopWatching = live.get(id) ? undefined : log.watch(id, () => void checkRow().catch(() => undefined));
    if (!live.get(id)) feed.settledAt = -1;
    await checkRow();
    let stopText: (() => void) | undefined;
    if (cluster && !live.get(id) && !feed.ended) {
      feed.isRemote = true;
      if (options.deltas ?? true) stopText = cluster.requestText(id);
    }
    try {
      yield* follow(log, id, feed, {
        after: options.after ?? -1,
        untilSettled: options.untilWait ?? false,
        deltas: options.deltas ?? true,
        signal: options.signal,
      });
    } finally {
      stopWatching?.();
      stopText?.();
      live.dropFeed(id);
    }
  }

  /** Resolves with the result when a run of another process settles. */
  async whenSettled(id: string): Promise<RunResult> {
    const { signal } = new AbortController();
    for await (const _item of this.follow(id, { untilWait: true, deltas: false, signal }));
    return this.result(await this.row(id));
  }

  /** Undefined while a process executes the run. */
  async #settledState(id: string): Promise<"ended" | "waiting" | undefined> {
    const row = await this.row(id);
    if (row.endedAt !== undefined) return "ended";
    const isWaiting = row.status === "waiting" || row.status === "uncertain";
    return isWaiting && (await this.#options.log.owner(id)) === undefined ? "waiting" : undefined;
  }
}

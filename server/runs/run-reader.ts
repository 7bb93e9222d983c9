/** Where runs stand, and what is told of them while they go on. */
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

interface StandingOptions {
  log: EventLog;
  live: LiveRuns;
  conversations: Conversations;
  cluster?: Cluster;
}

export class RunReader {
  readonly #options: StandingOptions;

  constructor(options: StandingOptions) {
    this.#options = options;
  }

  /** See `Runs.get`. */
  async get(id: string, key?: string): Promise<RunResult> {
    const live = this.#options.live.get(id);
    if (live && key !== undefined && live.key !== key) throw notFound("run", id);
    // What a live run has appended is on disk within milliseconds; its row is not looked for before that.
    if (live) await live.execution.accepted;
    return this.result(await this.row(id, key));
  }

  /** Rejects with `not_found`, also where the run is another key's. */
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
      // All that is told of an ended run is in its row and its last event, however long its log is.
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
    const { log, live: lives, cluster } = this.#options;
    await lives.get(id)?.execution.accepted;
    const last = await log.last(id);
    if (last < 0) throw notFound("run", id);
    const feed = lives.feed(id);
    // Nobody here says when a run rests that is not live here: its row does, looked at again whenever there is news.
    const look = async () => {
      const how = lives.get(id) ? undefined : await this.#rests(id);
      if (how && !lives.get(id)) feed.rest(await log.last(id), how === "ended");
    };
    const stopLooking = lives.get(id) ? undefined : log.watch(id, () => void look().catch(() => undefined));
    if (!lives.get(id)) feed.restsAt = -1;
    await look();
    let stopWanting: (() => void) | undefined;
    if (cluster && !lives.get(id) && !feed.ended) {
      feed.far = true;
      if (options.deltas ?? true) stopWanting = cluster.want(id);
    }
    try {
      yield* follow(log, id, feed, {
        after: options.after ?? -1,
        untilWait: options.untilWait ?? false,
        deltas: options.deltas ?? true,
        signal: options.signal,
      });
    } finally {
      stopLooking?.();
      stopWanting?.();
      lives.dropFeed(id);
    }
  }

  /** Resolves when a run that another process has ended or waits. */
  async rest(id: string): Promise<RunResult> {
    const { signal } = new AbortController();
    for await (const _item of this.follow(id, { untilWait: true, deltas: false, signal }));
    return this.result(await this.row(id));
  }

  /** Whether nobody works on the run: it ended, or it waits and was given back. */
  async #rests(id: string): Promise<"ended" | "waits" | undefined> {
    const row = await this.row(id);
    if (row.endedAt !== undefined) return "ended";
    const waits = row.status === "waiting" || row.status === "uncertain";
    return waits && (await this.#options.log.owner(id)) === undefined ? "waits" : undefined;
  }
}

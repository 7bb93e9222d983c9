/**
 * The event log on PostgreSQL. A run belongs to one process at a time: a process claims it before it appends, and each
 * write carries the fence of the claim. `batches.ts` combines the appends of all runs.
 */
import type pg from "pg";
import { BoundedMap } from "../../../runtime/bounded-map.ts";
import { PatchbayError } from "../../../runtime/error.ts";
import type { RunEvent } from "../../../runtime/event.ts";
import type { Graph } from "../../../runtime/graph.ts";
import type { EventLog, Idempotency } from "../event-log.ts";
import { newLiveRun } from "../live-run.ts";
import { indexEvent, wakesAt } from "../run-row.ts";
import { Batches, type ClaimedRun } from "./batches.ts";
import { claimRun, findOwner, queueRuns, releaseRun } from "./claims.ts";
import { postgresError } from "./errors.ts";
import type { Listener } from "./listen.ts";
import { joinMembers, type Members } from "./members.ts";
import { RunQueries } from "./read-runs.ts";
import { retryTransient } from "./retry.ts";
import { Watchers } from "./watchers.ts";

const DELETE_BATCH = 200;
const MAX_KNOWN_GRAPHS = 10_000;
/** Notifications can be lost: watched runs are read again after this many heartbeats. */
const REFRESH_EVERY = 3;
const LOAD_PAGE = 5_000;

export interface PostgresLogOptions {
  pool: pg.Pool;
  listener: Listener;
  /** Names this process among all that use the database. */
  member: string;
  /** `web`: workers execute the runs that begin here. */
  role?: "web" | "worker" | "all" | "cli";
  redact?(text: string): string;
  heartbeatMs?: number;
  deadMs?: number;
  retryForMs?: number;
}

export interface PostgresLog extends EventLog {
  /** Queues due runs that have no job: see `RunQueries.due`. */
  queueDue(now: number, limit: number): Promise<void>;
  /** See `Cluster.liveRuns`. */
  liveRuns(key: string): Promise<number>;
  readonly members: Members;
}

/** Joins the processes that use the database. Rejects with `unavailable` when it cannot be reached. */
export async function openPostgresLog(options: PostgresLogOptions): Promise<PostgresLog> {
  const log = new PostgresEventLog(options);
  try {
    await log.open();
    return log;
  } catch (error) {
    throw postgresError(error);
  }
}

class PostgresEventLog extends RunQueries implements PostgresLog {
  members!: Members;
  readonly #options: PostgresLogOptions;
  readonly #batches: Batches;
  readonly #watchers: Watchers;
  readonly #live = new Map<string, ClaimedRun>();
  /** Runs that are being claimed. */
  readonly #loading = new Map<string, Promise<ClaimedRun>>();
  readonly #graphs = new BoundedMap<string, true>(MAX_KNOWN_GRAPHS);
  #heartbeats = 0;
  #stopListening = () => {};
  #closed: PatchbayError | undefined;

  constructor(options: PostgresLogOptions) {
    super(options.pool);
    this.#options = options;
    this.#watchers = new Watchers({
      isLive: (run) => this.#live.has(run),
      lasts: (runs) => this.lasts(runs),
    });
    this.#batches = new Batches({
      ...options,
      leaveToWorkers: options.role === "web",
      ownerId: () => this.members.id(),
      notifies: () => this.members.others() > 0,
      isFollowed: (run) => this.#watchers.has(run),
      onStored: (live, last, queued) => this.#onStored(live, last, queued),
    });
  }

  async open(): Promise<void> {
    const { pool, listener, member, role = "all", heartbeatMs: beatMs, deadMs } = this.#options;
    this.#stopListening = await listener.on(
      "patchbay_events",
      (payload) => this.#watchers.receive(payload),
      () => void this.#watchers.refresh(),
    );
    this.members = await joinMembers({
      pool,
      listener,
      id: member,
      role,
      ...(beatMs !== undefined && { heartbeatMs: beatMs }),
      ...(deadMs !== undefined && { deadMs }),
      onRemoved: () => this.#giveUpRuns(),
      onHeartbeat: () => {
        if (++this.#heartbeats % REFRESH_EVERY === 0) void this.#watchers.refresh();
      },
    });
  }

  append(event: RunEvent, options: { urgent?: boolean; idempotency?: Idempotency } = {}): Promise<void> {
    if (this.#closed) return Promise.reject(this.#closed);
    let live = this.#live.get(event.run);
    if (!live && event.type === "run-start") {
      live = { ...newLiveRun(), fence: 1 };
      this.#live.set(event.run, live);
    }
    if (live) return this.#batches.append(live, event, options);
    // Callbacks of one promise run in the order in which they were added, so events stay in order.
    return this.#load(event.run).then((loaded) => this.#batches.append(loaded, event, options));
  }

  last(run: string): number | Promise<number> {
    const live = this.#live.get(run);
    if (live) return live.stored;
    return (
      this.#watchers.last(run) ?? this.lasts([run]).then((found) => this.#live.get(run)?.stored ?? found.get(run) ?? -1)
    );
  }

  watch(run: string, listener: () => void): () => void {
    const stop = this.#watchers.watch(run, listener);
    // The run has a reader now: write the delayed events at once.
    if (this.#live.get(run)?.write) this.#batches.writeSoon();
    return stop;
  }

  async queueDue(now: number, limit: number): Promise<void> {
    await translateErrors(queueRuns(this.pool, await this.due(now, limit)));
  }

  async rate(run: string, rating: { score: number; comment?: string }): Promise<boolean> {
    return (
      (await this.#change("UPDATE patchbay.runs SET rating = $2 WHERE id = $1", [run, JSON.stringify(rating)])) > 0
    );
  }

  async delete(run: string): Promise<boolean> {
    const row = await this.row(run);
    if (!row) return false;
    if (row.endedAt === undefined)
      throw new PatchbayError("conflict", `Run ${run} has not ended; cancel it before you delete it.`);
    return (await this.#delete([run])) > 0;
  }

  async deleteBefore(time: number): Promise<number> {
    for (let deleted = 0; ; ) {
      const runs = await this.endedBefore(time, DELETE_BATCH);
      if (runs.length > 0) deleted += await this.#delete(runs);
      if (runs.length < DELETE_BATCH) return deleted;
    }
  }

  async claim(run: string): Promise<boolean> {
    const live = this.#live.get(run);
    if (live && !live.failed) return true;
    // After a failure the run is read again: another process may have had it since.
    this.#live.delete(run);
    try {
      return (await this.#load(run)).state !== undefined;
    } catch (error) {
      if (error instanceof PatchbayError && error.code === "conflict") return false;
      throw error;
    }
  }

  async release(run: string, options: { parked?: boolean } = {}): Promise<void> {
    const live = this.#live.get(run);
    if (!live || live.failed) return;
    if (live.write) await live.write.promise;
    if (!this.#live.delete(run) || live.ended) return;
    await translateErrors(
      releaseRun(this.pool, {
        run,
        fence: live.fence,
        last: live.stored,
        ...(options.parked && { parked: { wakesAt: live.state ? wakesAt(live.state) : null } }),
      }),
    );
  }

  owner(run: string): Promise<string | undefined> {
    return translateErrors(findOwner(this.pool, run));
  }

  async recover(run: string): Promise<number> {
    const live = this.#live.get(run);
    if (live && !live.failed) return live.stored;
    this.#live.delete(run);
    // Only if no other process claimed it since.
    return (await this.#load(run, live?.fence)).stored;
  }

  saveGraph(hash: string, graph: Graph): void {
    if (this.#graphs.has(hash)) return;
    this.#graphs.set(hash, true);
    this.#batches.saveGraph(hash, JSON.stringify(graph));
  }

  override async graph(hash: string): Promise<Graph | undefined> {
    const pending = this.#batches.pendingGraph(hash);
    return pending ? (JSON.parse(pending) as Graph) : super.graph(hash);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = new PatchbayError("unavailable", "The server is stopping.");
    await this.#batches.close(this.#closed);
    this.#stopListening();
    // Runs of this process can be claimed as soon as its row is gone.
    await this.members.close();
  }

  #onStored(live: ClaimedRun, last: number, queued: boolean): void {
    const { id } = live.state!.row;
    if ((queued || (live.ended && last === live.appended)) && this.#live.get(id) === live) {
      this.#live.delete(id);
      this.#watchers.becameRemote(id, last);
    }
    this.#watchers.wake(id);
  }

  #load(run: string, fence?: number): Promise<ClaimedRun> {
    let loading = this.#loading.get(run);
    if (!loading) {
      loading = this.#claim(run, fence).finally(() => this.#loading.delete(run));
      this.#loading.set(run, loading);
    }
    return loading;
  }

  /** Claims the run and reads its events. Rejects with `conflict` while another process has it. */
  async #claim(run: string, fence?: number): Promise<ClaimedRun> {
    const live: ClaimedRun = { ...newLiveRun(), fence: 0 };
    try {
      const fenceNow = await claimRun(this.pool, run, this.members.id(), fence);
      if (fenceNow === undefined) {
        const row = await this.row(run);
        if (row && row.endedAt === undefined) throw new PatchbayError("conflict", `Another process has run ${run}.`);
        // The run has ended or does not exist: the first append rejects.
        live.ended = row !== undefined;
        live.appended = live.stored = (await this.lasts([run])).get(run) ?? -1;
        return live;
      }
      live.fence = fenceNow;
      for (;;) {
        const events = await this.read(run, live.stored, LOAD_PAGE);
        for (const event of events) live.state = indexEvent(live.state, event).state;
        live.stored = events.at(-1)?.seq ?? live.stored;
        if (events.length < LOAD_PAGE) break;
      }
      live.appended = live.stored;
      this.#live.set(run, live);
      this.#watchers.becameLive(run);
      return live;
    } catch (error) {
      throw postgresError(error);
    }
  }

  /** The others took this process for dead: its runs may be claimed by them at any time. */
  #giveUpRuns(): void {
    for (const [run, live] of this.#live) {
      live.failed ??= new PatchbayError("conflict", `Run ${run} was released for other processes.`);
    }
  }

  async #delete(runs: string[]): Promise<number> {
    return this.#change(
      `WITH gone AS (DELETE FROM patchbay.runs WHERE id = ANY($1) AND ended_at IS NOT NULL RETURNING id),
       events AS (DELETE FROM patchbay.chunks WHERE run IN (SELECT id FROM gone))
       SELECT id FROM gone`,
      [runs],
    );
  }

  async #change(text: string, values: unknown[]): Promise<number> {
    if (this.#closed) throw this.#closed;
    return (await translateErrors(retryTransient(() => this.pool.query(text, values)))).rowCount ?? 0;
  }
}

async function translateErrors<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw postgresError(error);
  }
}

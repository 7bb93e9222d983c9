/** The runs under way in this process: begun or taken up, carried out until they rest, counted by key and by session. */

import type { CompiledGraph } from "../../runtime/compile.ts";
import { PatchbayError } from "../../runtime/error.ts";
import type { EventOf, RunEvent, WaitDecision } from "../../runtime/event.ts";
import { execute } from "../../runtime/execute.ts";
import type { ExecuteOptions, Execution, RunOutcome } from "../../runtime/execution.ts";
import { foldRun } from "../../runtime/fold-run.ts";
import type { NodeTable } from "../../runtime/node.ts";
import type { RunResult, RunRow } from "../contract/run.ts";
import type { Idempotency } from "../stores/event-log.ts";
import { expiredAnswers } from "./answers.ts";
import type { Cluster } from "./cluster.ts";
import { DeferredFailures } from "./deferred-failures.ts";
import { endRun } from "./end-run.ts";
import { Feed } from "./feed.ts";
import { RunHost, type RunHostDeps } from "./run-host.ts";

/** CONTRACT's queue: so many runs may be under way. */
const MAX_LIVE = 10_000;
/** How long running runs may go on when the process is asked to stop, before they are parked. */
const GRACE_MS = 8_000;

/** How long text is kept for a reader who was announced and has not come when his run is over. */
const READER_MS = 5_000;

interface Live {
  host: RunHost;
  execution: Execution;
  controller: AbortController;
  /** Where it came to rest. */
  done: Promise<RunResult>;
  session?: string;
  key?: string;
}

export interface LiveRunsOptions {
  nodes: NodeTable;
  /** Live runs that a key may have. */
  liveRuns?(key: string): number;
  report?(thrown: unknown): void;
  cluster?: Cluster;
  /** Told when a run came to rest, `ms` after it began or was taken up here. */
  rested?(result: RunResult, ms: number): void;
  /** The caller's place in a trace of its own, where it has one. */
  trace?(): string | undefined;
  /** Replaced by tests alone. */
  maxLive?: number;
  recoverMs?: number;
}

/** What those around it do for it. */
interface Around {
  deps: RunHostDeps;
  events(run: string): Promise<RunEvent[]>;
  /** Resolves with how a run ends that another process took over, this one being taken for dead. */
  endsInCluster(run: string): Promise<RunResult>;
}

export class LiveRuns {
  readonly #options: LiveRunsOptions;
  readonly #around: Around;
  readonly #live = new Map<string, Live>();
  readonly #feeds = new Map<string, Feed>();
  /** Sessions with a running turn, by key and session. */
  readonly #turns = new Map<string, string>();
  readonly #countByKey = new Map<string, number>();
  readonly #deferred: DeferredFailures;
  readonly #releasing = new Set<Promise<void>>();

  constructor(options: LiveRunsOptions, around: Around) {
    this.#options = options;
    this.#around = around;
    this.#deferred = new DeferredFailures(around.deps.log, options.recoverMs);
  }

  get(run: string): Live | undefined {
    return this.#live.get(run);
  }

  /** Runs under way, of one key or of all. */
  count(key?: string): number {
    return key === undefined ? this.#live.size : (this.#countByKey.get(key) ?? 0);
  }

  /** Throws `queue_full` or `rate_limited` where one more would be too many. */
  mustFit(key: string | undefined): void {
    const most = this.#options.maxLive ?? MAX_LIVE;
    if (this.#live.size >= most)
      throw new PatchbayError("queue_full", `${most} runs are under way, the most there may be; try again later.`, {
        retryAfter: 5,
      });
    const limit = this.#limitOf(key);
    if (limit !== undefined && this.count(key) >= limit) throw tooManyOf(limit);
  }

  /**
   * The same over all processes; what other doors begin in the same moment is not seen. Nothing to wait for where there
   * is one process, or the key has no limit.
   */
  mustFitAmongAll(key: string | undefined): Promise<void> | undefined {
    const { cluster } = this.#options;
    const limit = this.#limitOf(key);
    if (!cluster || key === undefined || limit === undefined || limit === Number.POSITIVE_INFINITY) return undefined;
    return cluster.liveRuns(key).then((live) => {
      if (live >= limit) throw tooManyOf(limit);
    });
  }

  #limitOf(key: string | undefined): number | undefined {
    return key === undefined ? undefined : this.#options.liveRuns?.(key);
  }

  /** Whether a turn of the session runs here. */
  hasTurn(session: string, key: string | undefined): boolean {
    return this.#turns.has(turnOf(session, key));
  }

  /** Throws `conflict` while one does. */
  mustBeNextTurn(session: string, key: string | undefined): void {
    const other = this.#turns.get(turnOf(session, key));
    if (other !== undefined)
      throw new PatchbayError(
        "conflict",
        `Session "${session}" has a turn that still runs (${other}); wait for it or cancel it.`,
        { retryAfter: 1 },
      );
  }

  /** Starts a run. It is live when this returns. */
  begin(
    run: string,
    graph: CompiledGraph,
    start: ExecuteOptions["start"],
    options: { draft: boolean; idempotency?: Idempotency; eager?: boolean; stream?: boolean },
  ): Live {
    const feed = this.feed(run);
    if (options.stream) feed.announce();
    const host = new RunHost(this.#around.deps, {
      run,
      feed,
      draft: options.draft,
      ...(start.agents && { agents: start.agents }),
      ...(start.key !== undefined && { key: start.key }),
      ...(options.idempotency && { idempotency: options.idempotency }),
      ...(options.eager && { eager: true }),
    });
    return this.#carry({ run, graph, host, start }, feed);
  }

  /**
   * Goes on with a run that no process holds; waits that are over by now are answered with no. Rejects with `conflict`
   * when another one was faster.
   */
  async resume(row: RunRow, answers: WaitDecision[]): Promise<Live> {
    const run = row.id;
    await this.hold(run);
    const { past, graph } = await this.#read(row);
    const start = past[0] as EventOf<"run-start">;
    const { waits } = foldRun(past);
    const answered = new Set(answers.map((answer) => answer.wait));
    const over = expiredAnswers(waits, Date.now()).filter((answer) => !answered.has(answer.wait));
    const feed = this.feed(run);
    feed.wanted ||= feed.isRead;
    feed.far = false;
    feed.rest(-1);
    const host = new RunHost(this.#around.deps, {
      run,
      feed,
      draft: row.version === undefined,
      ...(start.agents && { agents: start.agents }),
      ...(row.key !== undefined && { key: row.key }),
    });
    return this.#carry({ run, graph, host, start, past, decisions: [...answers, ...over] }, feed);
  }

  /** What a held run goes on with: nobody adds to it any more. Where it cannot be read the run is given back. */
  async #read(row: RunRow): Promise<{ past: RunEvent[]; graph: CompiledGraph }> {
    const { log, graph } = this.#around.deps;
    try {
      return { past: await this.#around.events(row.id), graph: await graph(row.graph) };
    } catch (error) {
      await log.release(row.id).catch((failed: unknown) => this.#options.report?.(failed));
      throw error;
    }
  }

  /** Takes a run for this process. Rejects with `conflict` while another one has it. */
  async hold(run: string): Promise<void> {
    if (!(await this.#around.deps.log.claim(run)))
      throw new PatchbayError("conflict", `Another process works on run ${run}; try again in a moment.`, {
        retryAfter: 1,
      });
  }

  /** A run that cannot be taken up ends, and says why. Rejects where it should be tried again. */
  async giveUp(run: string, thrown: unknown): Promise<void> {
    const code = thrown instanceof PatchbayError ? thrown.code : undefined;
    // Another process was faster.
    if (code === "conflict") return;
    // The database is away, for all that share it: that is no fault of the run.
    if (code === "unavailable" && this.#options.cluster) throw thrown;
    this.#options.report?.(thrown);
    const { log } = this.#around.deps;
    const error =
      thrown instanceof PatchbayError
        ? thrown.toData()
        : { code: "internal" as const, message: "The run could not be resumed." };
    await endRun(log, run, { type: "run-fail", error }, await log.last(run)).catch((failed: unknown) =>
      this.#options.report?.(failed),
    );
  }

  /** Resolves when runs that came to rest before are anybody's again. */
  async released(): Promise<void> {
    await Promise.all(this.#releasing);
  }

  /** Gives runs a moment to end, then leaves the rest as it stands for the next process. */
  async stop(): Promise<void> {
    this.#deferred.stop();
    const settled = Promise.allSettled([...this.#live.values()].map((live) => live.done));
    await Promise.race([settled, new Promise((resolve) => setTimeout(resolve, GRACE_MS).unref())]);
    for (const live of this.#live.values()) {
      live.host.park();
      live.controller.abort(new PatchbayError("unavailable", "The server is stopping."));
    }
    await settled;
    await this.released();
  }

  /** The run's text on its way, for those who make it and those who read it. */
  feed(run: string): Feed {
    let feed = this.#feeds.get(run);
    if (!feed) {
      feed = new Feed();
      this.#feeds.set(run, feed);
    }
    return feed;
  }

  /** The feed of a run that somebody here makes or reads. */
  knownFeed(run: string): Feed | undefined {
    return this.#feeds.get(run);
  }

  /** Forgets the feed of a run that nobody here makes or reads any more. */
  dropFeed(run: string): void {
    const feed = this.#feeds.get(run);
    if (!feed || this.#live.has(run) || feed.isFollowed) return;
    if (!feed.isAwaited) {
      this.#feeds.delete(run);
      return;
    }
    // The run was faster than the reader who started it.
    setTimeout(() => {
      feed.forgo();
      this.dropFeed(run);
    }, READER_MS).unref();
  }

  #carry(work: Omit<ExecuteOptions, "nodes" | "signal"> & { host: RunHost }, feed: Feed): Live {
    const { run, host, start } = work;
    const { key, session } = start;
    const beganAt = performance.now();
    const controller = new AbortController();
    const execution = execute({ ...work, nodes: this.#options.nodes, signal: controller.signal });
    const turn = session === undefined ? undefined : turnOf(session, key);
    if (turn !== undefined && !this.#turns.has(turn)) this.#turns.set(turn, run);
    const stopOffering = this.#options.cluster?.offer(run, feed);
    const live: Live = {
      host,
      execution,
      controller,
      session,
      key,
      done: execution.outcome.then(async (outcome) => {
        this.#live.delete(run);
        stopOffering?.();
        if (turn !== undefined && this.#turns.get(turn) === run) this.#turns.delete(turn);
        if (key !== undefined) this.#uncount(key);
        // What is not over is anybody's again: after an answer, or, where this process stops, at once.
        if (outcome.waits || host.isParked) this.#letGo(run, !host.isParked);
        feed.rest(host.last, outcome.waits === undefined);
        this.dropFeed(run);
        return this.#conclude(live, run, outcome, performance.now() - beganAt);
      }),
    };
    this.#live.set(run, live);
    if (key !== undefined) this.#countByKey.set(key, this.count(key) + 1);
    return live;
  }

  async #conclude(
    { host, execution, session }: Live,
    run: string,
    outcome: RunOutcome,
    ms: number,
  ): Promise<RunResult> {
    const { error } = outcome;
    if (!host.isParked && (error?.code === "storage_full" || error?.code === "unavailable"))
      this.#deferred.schedule(run, error);
    // Another process took the run over, this one being taken for dead: how it ends is to be seen there.
    if (error?.code === "conflict" && this.#options.cluster && (await this.#around.deps.log.row(run)))
      return this.#around.endsInCluster(run);
    const result: RunResult = { id: run, status: outcome.status, usage: execution.usage };
    if (outcome.output) result.output = outcome.output;
    if (error) result.error = error;
    if (outcome.waits) result.waits = outcome.waits;
    if (session !== undefined) result.session = session;
    this.#options.rested?.(result, ms);
    return result;
  }

  #uncount(key: string): void {
    const left = this.count(key) - 1;
    if (left > 0) this.#countByKey.set(key, left);
    else this.#countByKey.delete(key);
  }

  #letGo(run: string, parked: boolean): void {
    const releasing = this.#around.deps.log
      .release(run, { parked })
      .catch((error: unknown) => this.#options.report?.(error))
      .finally(() => this.#releasing.delete(releasing));
    this.#releasing.add(releasing);
  }
}

function turnOf(session: string, key: string | undefined): string {
  return `${key ?? ""} ${session}`;
}

function tooManyOf(limit: number): PatchbayError {
  return new PatchbayError(
    "rate_limited",
    `This key has ${limit} runs under way, the most it may have; wait for one to end.`,
    { retryAfter: 2 },
  );
}

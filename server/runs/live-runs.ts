/**
 * The runs that this process executes: started or resumed, executed until they settle, counted by key and session. Over 350
 * lines, because a run's start, takeover and end share its state.
 */
import type { CompiledGraph } from "../../runtime/compile.ts";
import { PatchbayError } from "../../runtime/error.ts";
import type { EventOf, RunEvent, WaitDecision } from "../../runtime/event.ts";
import { execute } from "../../runtime/execute.ts";
import type { ExecuteOptions, Execution, RunOutcome } from "../../runtime/execution.ts";
import { foldRun } from "../../runtime/fold-run.ts";
import type { NodeTable } from "../../runtime/node.ts";
import type { RunResult, RunRow } from "../contract/run.ts";
import { ownFaults } from "../lib/fault-owner.ts";
import { redactTexts } from "../secrets/redact-texts.ts";
import type { Secrets } from "../secrets/service.ts";
import type { Idempotency } from "../stores/event-log.ts";
import { expiredAnswers } from "./answers.ts";
import type { Cluster } from "./cluster.ts";
import { DeferredFailures } from "./deferred-failures.ts";
import { endRun } from "./end-run.ts";
import { Feed } from "./feed.ts";
import { RunHost, type RunHostDeps } from "./run-host.ts";

/** How many runs one process executes at the same time. */
const MAX_LIVE = 10_000;
/** How long runs may continue after the process is asked to stop, before they are interrupted. */
const GRACE_MS = 8_000;

/** How long the text of an ended run is kept for an expected reader. */
const READER_TIMEOUT_MS = 5_000;

/** Why a run fails when the code that executes it threw where nothing could catch it. */
const FAULT = "An error inside Patchbay ended this run. The server's log has the details.";

interface Live {
  host: RunHost;
  execution: Execution;
  controller: AbortController;
  /** Resolves when the run settles: it ended, or waits for people only. */
  done: Promise<RunResult>;
  session?: string;
  key?: string;
}

export interface LiveRunsOptions {
  nodes: NodeTable;
  /** How many live runs a key may have. */
  liveRuns?(key: string): number;
  report?(thrown: unknown): void;
  cluster?: Cluster;
  /** Removes the values of secrets from streamed text and results. The event log removes them from events. */
  secrets?: Pick<Secrets, "redact" | "redactor">;
  /** Called when a run settles, `ms` after it was started or resumed here. */
  onSettled?(result: RunResult, ms: number, start: Pick<EventOf<"run-start">, "agent" | "key">): void;
  /** The trace context of the caller, if it sent one. */
  trace?(): string | undefined;
  /** Replaced in tests only. */
  maxLive?: number;
  recoverMs?: number;
}

interface LiveRunsDeps {
  hostDeps: RunHostDeps;
  events(run: string): Promise<RunEvent[]>;
  /** Resolves with the result of a run that another process took over. */
  resultFromCluster(run: string): Promise<RunResult>;
}

export class LiveRuns {
  readonly #options: LiveRunsOptions;
  readonly #deps: LiveRunsDeps;
  readonly #live = new Map<string, Live>();
  readonly #feeds = new Map<string, Feed>();
  /** The run of the current turn, by key and session. */
  readonly #turns = new Map<string, string>();
  readonly #countByKey = new Map<string, number>();
  readonly #deferred: DeferredFailures;
  readonly #releasing = new Set<Promise<void>>();

  constructor(options: LiveRunsOptions, deps: LiveRunsDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#deferred = new DeferredFailures(deps.hostDeps.log, options.recoverMs);
  }

  get(run: string): Live | undefined {
    return this.#live.get(run);
  }

  /** Runs under way, of one key or of all. */
  count(key?: string): number {
    return key === undefined ? this.#live.size : (this.#countByKey.get(key) ?? 0);
  }

  /** Throws `queue_full` or `rate_limited` when one more run would exceed a limit. */
  assertCapacity(key: string | undefined): void {
    const max = this.#options.maxLive ?? MAX_LIVE;
    if (this.#live.size >= max)
      throw new PatchbayError("queue_full", `${max} runs are already running, which is the limit; try again later.`, {
        retryAfter: 5,
      });
    const limit = this.#limitOf(key);
    if (limit !== undefined && this.count(key) >= limit) throw tooManyRuns(limit);
  }

  /**
   * As `assertCapacity` over all processes; runs that others start at the same moment are not counted. Returns undefined
   * for a single process and for a key without a limit.
   */
  assertCapacityInCluster(key: string | undefined): Promise<void> | undefined {
    const { cluster } = this.#options;
    const limit = this.#limitOf(key);
    if (!cluster || key === undefined || limit === undefined || limit === Number.POSITIVE_INFINITY) return undefined;
    return cluster.liveRuns(key).then((live) => {
      if (live >= limit) throw tooManyRuns(limit);
    });
  }

  #limitOf(key: string | undefined): number | undefined {
    return key === undefined ? undefined : this.#options.liveRuns?.(key);
  }

  hasTurn(session: string, key: string | undefined): boolean {
    return this.#turns.has(turnKey(session, key));
  }

  /** Throws `conflict` while a turn of the session runs here. */
  assertNoTurn(session: string, key: string | undefined): void {
    const other = this.#turns.get(turnKey(session, key));
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
    if (options.stream) feed.expectReader();
    const host = new RunHost(this.#deps.hostDeps, {
      run,
      feed,
      draft: options.draft,
      ...(start.agents && { agents: start.agents }),
      ...(start.key !== undefined && { key: start.key }),
      ...(start.replaces !== undefined && { replaces: start.replaces }),
      ...(options.idempotency && { idempotency: options.idempotency }),
      ...(options.eager && { eager: true }),
    });
    return this.#execute({ run, graph, host, start }, feed);
  }

  /**
   * Claims a run and continues it; waits that have expired are rejected. Rejects with `conflict` when another process has
   * the run.
   */
  async resume(row: RunRow, answers: WaitDecision[]): Promise<Live> {
    const run = row.id;
    await this.claim(run);
    const { past, graph } = await this.#read(row);
    const start = past[0] as EventOf<"run-start">;
    const { waits } = foldRun(past);
    const answered = new Set(answers.map((answer) => answer.wait));
    const expired = expiredAnswers(waits, Date.now()).filter((answer) => !answered.has(answer.wait));
    const feed = this.feed(run);
    feed.isTextWanted ||= feed.hasTextReader;
    feed.isRemote = false;
    feed.settle(-1);
    const host = new RunHost(this.#deps.hostDeps, {
      run,
      feed,
      draft: row.version === undefined,
      ...(start.agents && { agents: start.agents }),
      ...(row.key !== undefined && { key: row.key }),
      ...(start.replaces !== undefined && { replaces: start.replaces }),
    });
    return this.#execute({ run, graph, host, start, past, decisions: [...answers, ...expired] }, feed);
  }

  /** Reads a claimed run. Releases it when it cannot be read. */
  async #read(row: RunRow): Promise<{ past: RunEvent[]; graph: CompiledGraph }> {
    const { log, graph } = this.#deps.hostDeps;
    try {
      return { past: await this.#deps.events(row.id), graph: await graph(row.graph) };
    } catch (error) {
      await log.release(row.id).catch((failed: unknown) => this.#options.report?.(failed));
      throw error;
    }
  }

  /** Claims a run for this process. Rejects with `conflict` while another one has it. */
  async claim(run: string): Promise<void> {
    if (!(await this.#deps.hostDeps.log.claim(run)))
      throw new PatchbayError("conflict", `Another process works on run ${run}; try again in a moment.`, {
        retryAfter: 1,
      });
  }

  /** Fails a run that cannot be resumed. Rejects when the resumption should be tried again. */
  async failUnresumable(run: string, thrown: unknown): Promise<void> {
    const code = thrown instanceof PatchbayError ? thrown.code : undefined;
    // Another process was faster.
    if (code === "conflict") return;
    // The shared database is unavailable, which is not the fault of the run.
    if (code === "unavailable" && this.#options.cluster) throw thrown;
    this.#options.report?.(thrown);
    const { log } = this.#deps.hostDeps;
    const error =
      thrown instanceof PatchbayError
        ? thrown.toData()
        : { code: "internal" as const, message: "The run could not be resumed." };
    await endRun(log, run, { type: "run-fail", error }, await log.last(run)).catch((failed: unknown) =>
      this.#options.report?.(failed),
    );
  }

  /** Resolves when all settled runs are released. */
  async whenReleased(): Promise<void> {
    await Promise.all(this.#releasing);
  }

  /** Gives runs time to end, then interrupts the remaining ones; the next process resumes them. */
  async stop(): Promise<void> {
    this.#deferred.stop();
    const settled = Promise.allSettled([...this.#live.values()].map((live) => live.done));
    await Promise.race([settled, new Promise((resolve) => setTimeout(resolve, GRACE_MS).unref())]);
    for (const live of this.#live.values()) {
      live.host.park();
      live.controller.abort(new PatchbayError("unavailable", "The server is stopping."));
    }
    await settled;
    await this.whenReleased();
  }

  /** The feed of streamed text of the run, created on first use. */
  feed(run: string): Feed {
    let feed = this.#feeds.get(run);
    if (!feed) {
      feed = new Feed(this.#options.secrets && (() => this.#options.secrets!.redactor()));
      this.#feeds.set(run, feed);
    }
    return feed;
  }

  existingFeed(run: string): Feed | undefined {
    return this.#feeds.get(run);
  }

  /** Removes the feed of a run that is not live here and has no readers. */
  dropFeed(run: string): void {
    const feed = this.#feeds.get(run);
    if (!feed || this.#live.has(run) || feed.isFollowed) return;
    if (!feed.isExpectingReader) {
      this.#feeds.delete(run);
      return;
    }
    // The run ended before its expected reader joined.
    setTimeout(() => {
      feed.stopExpecting();
      this.dropFeed(run);
    }, READER_TIMEOUT_MS).unref();
  }

  #execute(work: Omit<ExecuteOptions, "nodes" | "signal"> & { host: RunHost }, feed: Feed): Live {
    const { run, host, start } = work;
    const { key, session } = start;
    const beganAt = performance.now();
    const controller = new AbortController();
    const fail = () => controller.abort(new PatchbayError("internal", FAULT));
    const execution = ownFaults({ kind: "run", id: run, fail }, () =>
      execute({ ...work, nodes: this.#options.nodes, signal: controller.signal }),
    );
    const turn = session === undefined ? undefined : turnKey(session, key);
    if (turn !== undefined && !this.#turns.has(turn)) this.#turns.set(turn, run);
    const stopOffering = this.#options.cluster?.offerText(run, feed);
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
        if (key !== undefined) this.#decrementCount(key);
        // A run that has not ended can be claimed again: after a decision, or at once when this process stops.
        if (outcome.waits || host.isParked) this.#release(run, !host.isParked);
        feed.settle(host.last, outcome.waits === undefined);
        this.dropFeed(run);
        return this.#conclude(live, run, outcome, performance.now() - beganAt, start);
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
    start: ExecuteOptions["start"],
  ): Promise<RunResult> {
    const { error } = outcome;
    if (!host.isParked && (error?.code === "storage_full" || error?.code === "unavailable"))
      this.#deferred.schedule(run, error);
    // The others took this process for dead and one of them took the run over: its result comes from there.
    if (error?.code === "conflict" && this.#options.cluster && (await this.#deps.hostDeps.log.row(run)))
      return this.#deps.resultFromCluster(run);
    const result: RunResult = { id: run, status: outcome.status, usage: execution.usage };
    const { secrets } = this.#options;
    const clean = <T>(value: T): T => (secrets ? redactTexts(value, secrets) : value);
    if (outcome.output) result.output = clean(outcome.output);
    if (error) result.error = clean(error);
    if (outcome.waits) result.waits = clean(outcome.waits);
    if (session !== undefined) result.session = session;
    this.#options.onSettled?.(result, ms, start);
    return result;
  }

  #decrementCount(key: string): void {
    const remaining = this.count(key) - 1;
    if (remaining > 0) this.#countByKey.set(key, remaining);
    else this.#countByKey.delete(key);
  }

  #release(run: string, parked: boolean): void {
    const releasing = this.#deps.hostDeps.log
      .release(run, { parked })
      .catch((error: unknown) => this.#options.report?.(error))
      .finally(() => this.#releasing.delete(releasing));
    this.#releasing.add(releasing);
  }
}

function turnKey(session: string, key: string | undefined): string {
  return `${key ?? ""} ${session}`;
}

function tooManyRuns(limit: number): PatchbayError {
  return new PatchbayError(
    "rate_limited",
    `This key has ${limit} running runs, which is its limit; wait for one to end.`,
    { retryAfter: 2 },
  );
}

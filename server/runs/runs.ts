/** Starts, follows, cancels, answers, forks and resumes runs. */
import { setImmediate } from "node:timers/promises";
import { PatchbayError } from "../../runtime/error.ts";
import type { Delta, WaitDecision } from "../../runtime/event.ts";
import type { RunResult, RunRow } from "../contract/run.ts";
import { newId } from "../lib/ids.ts";
import { KeyedMutex } from "../lib/keyed-mutex.ts";
import type { Idempotency } from "../stores/event-log.ts";
import { newAnswers } from "./answers.ts";
import type { Cluster } from "./cluster.ts";
import { Conversations } from "./conversations.ts";
import { endRun } from "./end-run.ts";
import { forkValues } from "./fork.ts";
import { Graphs, type GraphsOptions } from "./graphs.ts";
import { findStartedRun, idempotencyOf, PendingStarts } from "./idempotent-starts.ts";
import { checkInput } from "./input.ts";
import { LiveRuns, type LiveRunsOptions } from "./live-runs.ts";
import { fileIdsIn } from "./run-files.ts";
import type { RunHostDeps } from "./run-host.ts";
import { RunReader } from "./run-reader.ts";
import type { RunCaller, Runs, RunTarget } from "./service.ts";

type StartOptions = NonNullable<Parameters<Runs["start"]>[3]>;

export interface RunsOptions extends LiveRunsOptions, Omit<GraphsOptions, "log" | "nodes"> {
  deps: Omit<RunHostDeps, "called" | "graph" | "history">;
}

export interface RunsService extends Runs {
  conversations: Conversations;
  /** Resumes a run. Resolves when it runs; also when another process has it or it has ended. */
  resume(run: string): Promise<void>;
  /** Resumes a run and resolves when it settles. */
  work(run: string): Promise<void>;
  /** Adds streamed text of a run of another process. False when a part before it is missing. */
  addRemoteText(run: string, delta: Delta, after: number): boolean;
  /** Starts no more runs, gives live runs time to end, then interrupts them; the next process resumes them. */
  stop(): Promise<void>;
  forget(slug: string): void;
  /** How many runs are live here, of one key or of all. */
  live(key?: string): number;
}

export function createRuns(options: RunsOptions): RunsService {
  return new LoggedRuns(options);
}

class LoggedRuns implements RunsService {
  readonly conversations: Conversations;
  readonly #options: RunsOptions;
  readonly #graphs: Graphs;
  readonly #live: LiveRuns;
  readonly #reader: RunReader;
  readonly #pendingStarts = new PendingStarts();
  /** Cancelling, answering and resuming one run happen one after the other. */
  readonly #locks = new KeyedMutex();
  #stopping = false;

  constructor(options: RunsOptions) {
    this.#options = options;
    const { cluster } = options;
    const { log } = options.deps;
    const conversations = new Conversations(log, options.nodes);
    const graphs = new Graphs({ ...options, log });
    this.conversations = conversations;
    this.#graphs = graphs;
    this.#live = new LiveRuns(options, {
      hostDeps: {
        ...options.deps,
        called: (agent, version, draft) => graphs.called(agent, version, draft),
        graph: (hash) => graphs.byHash(hash),
        history: (...turn) => conversations.history(...turn),
      },
      events: (run) => conversations.events(run),
      resultFromCluster: (run) => this.#reader.whenSettled(run),
    });
    this.#reader = new RunReader({ log, live: this.#live, conversations, cluster });
  }

  async start(target: RunTarget, input: Record<string, unknown>, caller: RunCaller = {}, options: StartOptions = {}) {
    const idempotency = idempotencyOf(caller);
    if (!idempotency) return this.#begin(target, input, caller, options);
    const { deps, cluster } = this.#options;
    return this.#pendingStarts.share(idempotency, async () => {
      const earlier = await findStartedRun(deps.log, idempotency);
      if (earlier !== undefined) return this.#started(earlier);
      const started = await this.#begin(target, input, caller, options, idempotency);
      if (!cluster) return started;
      try {
        await started.accepted;
        return started;
      } catch (error) {
        // Another process may have stored the same call first.
        const other = await findStartedRun(deps.log, idempotency);
        if (other === undefined) throw error;
        return this.#started(other);
      }
    });
  }

  /** A run that the same call started before. */
  #started(id: string) {
    const done =
      this.#live.get(id)?.done ?? (this.#options.cluster ? this.#reader.whenSettled(id) : this.#reader.get(id));
    done.catch(() => {});
    return { id, done, accepted: Promise.resolve() };
  }

  async #begin(
    target: RunTarget,
    given: Record<string, unknown>,
    caller: RunCaller,
    options: StartOptions,
    idempotency?: Idempotency,
  ) {
    this.#assertRunning();
    const { log, files, models, quota, runFiles } = this.#options.deps;
    const { key, session, user } = caller;
    const { compiled, agent, draft } = await this.#graphs.choose(target);
    const agents = await this.#graphs.freeze(compiled, draft);
    const input = await checkInput(compiled, given, {
      key,
      history: key === undefined || options.trusted === true,
      files,
      models,
    });
    if (options.replaces !== undefined) await this.#assertReplaceable(options.replaces, caller);
    const available = key === undefined ? undefined : quota.assertAvailable(key);
    if (available) await available;
    const capacity = this.#live.assertCapacityInCluster(key);
    if (capacity) await capacity;
    const id = newId();
    const used = input.files || input.history ? fileIdsIn([input.files, input.history]) : [];
    if (used.length > 0) await runFiles.use(id, used);
    // A caller that has just read the end of a turn may send the next one before the turn is removed.
    if (session !== undefined && this.#live.hasTurn(session, key)) await setImmediate();
    // No `await` from here until the run is live, so that two calls of one session cannot both pass.
    this.#assertRunning();
    if (session !== undefined) this.#live.assertNoTurn(session, key);
    this.#live.assertCapacity(key);

    log.saveGraph(compiled.hash, compiled.graph);
    const trace = this.#options.trace?.();
    const start = {
      agent,
      ...(agents && { agents }),
      input,
      ...(session !== undefined && { session }),
      ...(options.replaces !== undefined && { replaces: options.replaces }),
      ...(user !== undefined && { user }),
      ...(key !== undefined && { key }),
      ...(options.fork && { fork: options.fork }),
      ...(trace !== undefined && { trace }),
      ...(options.pins && { pins: options.pins }),
      ...(options.range && { range: options.range }),
    };
    if (this.#options.cluster?.leaveToWorkers) {
      const accepted = log.append(
        { run: id, seq: 0, at: Date.now(), type: "run-start", ...start },
        { urgent: true, ...(idempotency && { idempotency }) },
      );
      const done = accepted.then(() => this.#reader.whenSettled(id));
      done.catch(() => {});
      return { id, done, accepted };
    }
    const { stream, eager } = options;
    const live = this.#live.begin(id, compiled, start, { draft, idempotency, stream, eager });
    return { id, done: live.done, accepted: live.execution.accepted };
  }

  /** Rejects with `bad_request` unless the run is a turn of the caller's session, and with `conflict` until it has ended. */
  async #assertReplaceable(replaced: string, { session, key }: RunCaller): Promise<void> {
    const row = await this.#options.deps.log.row(replaced);
    if (!row || session === undefined || row.session !== session || row.key !== key)
      throw new PatchbayError("bad_request", "At /replaces: must be the id of a run of the same session.", {
        path: "/replaces",
      });
    if (row.endedAt === undefined)
      throw new PatchbayError("conflict", `Run ${replaced} has not ended; cancel it before you replace it.`);
  }

  get(id: string, key?: string): Promise<RunResult> {
    return this.#reader.get(id, key);
  }

  follow(id: string, options: Parameters<Runs["follow"]>[1]) {
    return this.#reader.follow(id, options);
  }

  async cancel(id: string): Promise<RunResult> {
    return this.#abort(id) ?? this.#locks.run(id, () => this.#cancel(id));
  }

  async #cancel(id: string): Promise<RunResult> {
    const aborted = this.#abort(id);
    if (aborted) return aborted;
    const row = await this.#reader.row(id);
    if (row.endedAt !== undefined) return this.#reader.result(row);
    const sent = await this.#sendToOwner({ run: id, what: "cancel" });
    // The owner is gone: the state of the run is read again.
    if (sent === "gone") return this.#cancel(id);
    if (sent === "unowned") await endRun(this.#options.deps.log, id, { type: "run-cancel" });
    return this.#reader.get(id);
  }

  /** Sends a command to the process that has the run. */
  async #sendToOwner(command: Parameters<Cluster["send"]>[1]): Promise<"done" | "gone" | "unowned"> {
    const { cluster, deps } = this.#options;
    const owner = cluster && (await deps.log.owner(command.run));
    if (owner === undefined) return "unowned";
    return (await cluster!.send(owner, command)) ? "done" : "gone";
  }

  /** Cancels a run that is live here. */
  #abort(id: string): Promise<RunResult> | undefined {
    const live = this.#live.get(id);
    live?.controller.abort(new PatchbayError("cancelled", "The run was cancelled."));
    return live?.done;
  }

  async answer(id: string, answers: WaitDecision[]): Promise<{ id: string; done: Promise<RunResult> }> {
    return this.#locks.run(id, () => this.#answer(id, answers));
  }

  async #answer(id: string, answers: WaitDecision[]): Promise<{ id: string; done: Promise<RunResult> }> {
    const row = await this.#reader.row(id);
    const fresh = await this.#newAnswers(id, answers);
    const live = this.#live.get(id);
    if (fresh.length === 0) return { id, done: live?.done ?? this.#reader.get(id) };
    if (live) {
      if (await live.execution.decide(fresh)) return { id, done: live.done };
      // It has just settled: wait until it is released, then resume it below.
      await live.execution.outcome;
      await this.#live.whenReleased();
    }
    const sent = await this.#sendToOwner({ run: id, what: "answer", answers: fresh });
    if (sent === "done") return { id, done: this.#reader.whenSettled(id) };
    // The owner is gone, and may have stored the decisions.
    if (sent === "gone") return this.#answer(id, answers);
    this.#assertRunning();
    const { cluster } = this.#options;
    if (!cluster?.leaveToWorkers) this.#live.assertCapacity(row.key);
    return cluster ? this.#answerUnowned(row, answers, cluster.leaveToWorkers) : this.#resume(row, fresh);
  }

  /** Answers a run that no process has; another process may still be faster. `leaveToWorkers`: only stores the decisions. */
  async #answerUnowned(row: RunRow, answers: WaitDecision[], leaveToWorkers: boolean) {
    const { log } = this.#options.deps;
    const { id } = row;
    await this.#live.claim(id);
    let fresh: WaitDecision[];
    try {
      fresh = await this.#newAnswers(id, answers);
      if (leaveToWorkers && fresh.length > 0)
        await log.append(
          {
            run: id,
            seq: (await log.last(id)) + 1,
            at: Date.now(),
            type: "run-resume",
            reason: "answer",
            answers: fresh,
          },
          { urgent: true },
        );
    } catch (error) {
      await log.release(id);
      throw error;
    }
    if (!leaveToWorkers && fresh.length > 0) return this.#resume(row, fresh);
    await log.release(id);
    return { id, done: this.#reader.whenSettled(id) };
  }

  async #resume(row: RunRow, answers: WaitDecision[]) {
    const { execution, done } = await this.#live.resume(row, answers);
    await execution.accepted;
    return { id: row.id, done };
  }

  async #newAnswers(id: string, answers: WaitDecision[]): Promise<WaitDecision[]> {
    return newAnswers(id, await this.conversations.events(id), answers, Date.now());
  }

  async fork(id: string, node: string, outputs?: Record<string, unknown>) {
    const row = await this.#reader.row(id);
    const events = await this.conversations.events(id);
    const { graph } = await this.#graphs.byHash(row.graph);
    const { input, pins, user } = forkValues(graph, events, node, outputs);
    return this.start(
      { graph },
      input,
      { ...(user !== undefined && { user }) },
      { pins, fork: { run: id, node }, eager: true },
    );
  }

  async resume(run: string): Promise<void> {
    await this.#locks
      .run(run, async () => {
        if (this.#stopping || this.#live.get(run)) return;
        const row = await this.#options.deps.log.row(run);
        if (!row || row.endedAt !== undefined) return;
        await (await this.#live.resume(row, [])).execution.accepted;
      })
      .catch((error: unknown) => this.#live.failUnresumable(run, error));
  }

  async work(run: string): Promise<void> {
    await this.resume(run);
    await this.#live.get(run)?.done;
  }

  addRemoteText(run: string, delta: Delta, after: number): boolean {
    const feed = this.#live.existingFeed(run);
    return !feed?.isRemote || feed.addRemote(delta, after);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#live.stop();
  }

  forget(slug: string): void {
    this.#graphs.forget(slug);
  }

  live(key?: string): number {
    return this.#live.count(key);
  }

  #assertRunning(): void {
    if (this.#stopping)
      throw new PatchbayError("unavailable", "The server is stopping; try again in a moment.", { retryAfter: 5 });
  }
}

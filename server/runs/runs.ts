/** Runs: started, followed, cancelled, answered, forked, and taken up again after a restart. */
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
import { IdempotentStarts } from "./idempotent-starts.ts";
import { checkInput } from "./input.ts";
import { LiveRuns, type LiveRunsOptions } from "./live-runs.ts";
import type { RunHostDeps } from "./run-host.ts";
import { RunReader } from "./run-reader.ts";
import type { RunCaller, Runs, RunTarget } from "./service.ts";

type StartOptions = NonNullable<Parameters<Runs["start"]>[3]>;

export interface RunsOptions extends LiveRunsOptions, Omit<GraphsOptions, "log" | "nodes"> {
  deps: Omit<RunHostDeps, "called" | "graph" | "history">;
}

export interface RunsService extends Runs {
  conversations: Conversations;
  /** Takes up a run that has work to do. Resolves when it is under way; at once where another process has it or it is over. */
  takeUp(run: string): Promise<void>;
  /** Takes up a run and resolves when it rests. */
  work(run: string): Promise<void>;
  /** Text came of a run that another process has. False where a part before it is missing. */
  hearText(run: string, delta: Delta, after: number): boolean;
  /** Takes in nothing more, gives runs a moment to end, then leaves the rest as it stands for the next process. */
  stop(): Promise<void>;
  forget(slug: string): void;
  /** Runs under way, of one key or of all. */
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
  readonly #starts: IdempotentStarts;
  /** What is done to one run from outside is done one after the other. */
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
      deps: {
        ...options.deps,
        called: (agent, version, draft) => graphs.called(agent, version, draft),
        graph: (hash) => graphs.byHash(hash),
        history: (session, key, run) => conversations.history(session, key, run),
      },
      events: (run) => conversations.events(run),
      endsInCluster: (run) => this.#reader.rest(run),
    });
    this.#reader = new RunReader({ log, live: this.#live, conversations, cluster });
    this.#starts = new IdempotentStarts({
      log,
      otherProcesses: cluster !== undefined,
      found: (run) => {
        const live = this.#live.get(run);
        const done = live?.done ?? (cluster ? this.#reader.rest(run) : this.get(run));
        done.catch(() => {});
        return { id: run, done, accepted: Promise.resolve() };
      },
    });
  }

  start(target: RunTarget, input: Record<string, unknown>, caller: RunCaller = {}, options: StartOptions = {}) {
    return this.#starts.start(caller, (idempotency) => this.#begin(target, input, caller, options, idempotency));
  }

  async #begin(
    target: RunTarget,
    given: Record<string, unknown>,
    caller: RunCaller,
    options: StartOptions,
    idempotency?: Idempotency,
  ) {
    this.#mustRun();
    const { log, files, quota } = this.#options.deps;
    const { key, session, user } = caller;
    const { compiled, agent, draft } = await this.#graphs.choose(target);
    const agents = await this.#graphs.freeze(compiled, draft);
    const input = await checkInput(compiled, given, {
      key,
      history: key === undefined || options.trusted === true,
      files,
    });
    const had = key === undefined ? undefined : quota.assertAvailable(key);
    if (had) await had;
    const fits = this.#live.mustFitAmongAll(key);
    if (fits) await fits;
    // Who has just read a turn's end may send the next at once: the turn is let go within this moment.
    if (session !== undefined && this.#live.hasTurn(session, key)) await setImmediate();
    // Nothing below waits before the run is live: two calls of one session or id cannot both pass.
    this.#mustRun();
    if (session !== undefined) this.#live.mustBeNextTurn(session, key);
    this.#live.mustFit(key);

    const id = newId();
    log.saveGraph(compiled.hash, compiled.graph);
    const trace = this.#options.trace?.();
    const start = {
      agent,
      ...(agents && { agents }),
      input,
      ...(session !== undefined && { session }),
      ...(user !== undefined && { user }),
      ...(key !== undefined && { key }),
      ...(options.fork && { fork: options.fork }),
      ...(trace !== undefined && { trace }),
      ...(options.pins && { pins: options.pins }),
      ...(options.range && { range: options.range }),
    };
    if (this.#options.cluster?.leave) {
      const accepted = log.append(
        { run: id, seq: 0, at: Date.now(), type: "run-start", ...start },
        { urgent: true, ...(idempotency && { idempotency }) },
      );
      const done = accepted.then(() => this.#reader.rest(id));
      done.catch(() => {});
      return { id, done, accepted };
    }
    const { stream, eager } = options;
    const live = this.#live.begin(id, compiled, start, { draft, idempotency, stream, eager });
    return { id, done: live.done, accepted: live.execution.accepted };
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
    const asked = await this.#ask({ run: id, what: "cancel" });
    // The process that had it is gone: how the run stands is looked at again.
    if (asked === "gone") return this.#cancel(id);
    if (asked === "nobody") await endRun(this.#options.deps.log, id, { type: "run-cancel" });
    return this.#reader.get(id);
  }

  /** Asks the other process that has the run, where one has it. */
  async #ask(ask: Parameters<Cluster["ask"]>[1]): Promise<"done" | "gone" | "nobody"> {
    const { cluster, deps } = this.#options;
    const owner = cluster && (await deps.log.owner(ask.run));
    if (owner === undefined) return "nobody";
    return (await cluster!.ask(owner, ask)) ? "done" : "gone";
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
      // It was parked just now; it is taken up again below, when it has been let go.
      await live.execution.outcome;
      await this.#live.released();
    }
    const asked = await this.#ask({ run: id, what: "answer", answers: fresh });
    if (asked === "done") return { id, done: this.#reader.rest(id) };
    // The process that had it is gone, and perhaps took the answers in.
    if (asked === "gone") return this.#answer(id, answers);
    this.#mustRun();
    const { cluster } = this.#options;
    if (!cluster?.leave) this.#live.mustFit(row.key);
    return cluster ? this.#answerHeld(row, answers, cluster.leave) : this.#resume(row, fresh);
  }

  /** Answers a run that no process has; another door may be faster still. `leave`: a worker goes on with it. */
  async #answerHeld(row: RunRow, answers: WaitDecision[], leave: boolean) {
    const { log } = this.#options.deps;
    const { id } = row;
    await this.#live.hold(id);
    let fresh: WaitDecision[];
    try {
      fresh = await this.#newAnswers(id, answers);
      if (leave && fresh.length > 0)
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
    if (!leave && fresh.length > 0) return this.#resume(row, fresh);
    await log.release(id);
    return { id, done: this.#reader.rest(id) };
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

  async takeUp(run: string): Promise<void> {
    await this.#locks
      .run(run, async () => {
        if (this.#stopping || this.#live.get(run)) return;
        const row = await this.#options.deps.log.row(run);
        if (!row || row.endedAt !== undefined) return;
        await (await this.#live.resume(row, [])).execution.accepted;
      })
      .catch((error: unknown) => this.#live.giveUp(run, error));
  }

  async work(run: string): Promise<void> {
    await this.takeUp(run);
    await this.#live.get(run)?.done;
  }

  hearText(run: string, delta: Delta, after: number): boolean {
    const feed = this.#live.knownFeed(run);
    return !feed?.far || feed.addFar(delta, after);
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

  #mustRun(): void {
    if (this.#stopping)
      throw new PatchbayError("unavailable", "The server is stopping; try again in a moment.", { retryAfter: 5 });
  }
}

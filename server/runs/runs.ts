/** Runs: started, followed, cancelled, answered, forked, and taken up again after a restart. */
import { createHash } from "node:crypto";
import { PatchbayError } from "../../runtime/error.ts";
import { type Delta, type RunEvent, TERMINAL, type Wait, type WaitAnswer } from "../../runtime/event.ts";
import { type Execution, execute, type RunOutcome } from "../../runtime/execute.ts";
import { foldRun } from "../../runtime/fold-run.ts";
import { canonicalJson } from "../../runtime/graph.ts";
import type { NodeTable } from "../../runtime/resolve.ts";
import { RunHost, type World } from "../host.ts";
import { newId } from "../ids.ts";
import type { Idempotency, RunCaller, RunItem, RunResult, RunRow, Runs, RunTarget } from "../services.ts";
import { Turns } from "../turns.ts";
import { Conversations } from "./conversations.ts";
import { Feed } from "./feed.ts";
import { follow } from "./follow.ts";
import { forkValues } from "./fork.ts";
import { Graphs, type GraphsOptions } from "./graphs.ts";
import { checkInput } from "./input.ts";

/** CONTRACT's queue: so many runs may be under way. */
const MAX_LIVE = 10_000;
/** Runs that are taken up at once after a restart. */
const RESUME_AT_ONCE = 32;
/** How long running runs may go on when the process is asked to stop, before they are parked. */
const GRACE_MS = 8_000;
/** How often a run that could not be stored is looked after. */
const RECOVER_MS = 5_000;
const MAX_TIMER = 2 ** 31 - 1;

type Started = Awaited<ReturnType<Runs["start"]>>;

interface Live {
  host: RunHost;
  execution: Execution;
  controller: AbortController;
  done: Promise<RunResult>;
  session?: string;
  key?: string;
}

export interface RunsOptions extends Omit<GraphsOptions, "log" | "nodes"> {
  world: Omit<World, "called" | "history">;
  nodes: NodeTable;
  /** Live runs that a key may have. */
  liveRuns?(key: string): number;
  report?(thrown: unknown): void;
  /** Replaced by tests alone. */
  maxLive?: number;
  recoverMs?: number;
  /** Other processes on the same log. */
  elsewhere?: Elsewhere;
  /** Told when a run came to rest, `ms` after it began or was taken up here. */
  rested?(result: RunResult, ms: number): void;
}

/** What a process with others beside it does differently. */
export interface Elsewhere {
  /** Runs that begin here are left to the workers. */
  leave: boolean;
  /** Asks the process that has a run to cancel it or to take answers in. Rejects as `cancel` and `answer` do. */
  ask(owner: string, ask: { run: string; what: "cancel" | "answer"; answers?: WaitAnswer[] }): Promise<void>;
  /** Text of a run that another process has is read here, until the returned function is called; see `hearText`. */
  want(run: string): () => void;
  /** Text of a run that this process has is for others too, until the returned function is called. */
  offer(run: string, feed: Feed): () => void;
}

export interface RunsService extends Runs {
  conversations: Conversations;
  /** Takes up what the last process left. Resolves when all of it is under way. */
  resumeAll(): Promise<void>;
  /** Takes up one run and resolves when it rests; at once where another process has it or it is over. */
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
  return new LiveRuns(options);
}

class LiveRuns implements RunsService {
  readonly conversations: Conversations;
  readonly #options: RunsOptions;
  readonly #world: World;
  readonly #graphs: Graphs;
  readonly #live = new Map<string, Live>();
  readonly #feeds = new Map<string, Feed>();
  /** Sessions with a running turn, by key and session. */
  readonly #turns = new Map<string, string>();
  readonly #liveByKey = new Map<string, number>();
  /** Runs on their way to the log, by idempotency id. */
  readonly #starting = new Map<string, { bodyHash: string; started: Promise<Started> }>();
  readonly #expiries = new Map<string, NodeJS.Timeout>();
  readonly #locks = new Turns();
  readonly #unsaved = new Set<NodeJS.Timeout>();
  readonly #releasing = new Set<Promise<void>>();
  #stopping = false;

  constructor(options: RunsOptions) {
    this.#options = options;
    const { log } = options.world;
    this.conversations = new Conversations(log);
    this.#graphs = new Graphs({ ...options, log });
    this.#world = {
      ...options.world,
      called: (agent, version, draft) => this.#graphs.called(agent, version, draft),
      history: (session, key, run) => this.conversations.history(session, key, run),
    };
  }

  async start(
    target: RunTarget,
    given: Record<string, unknown>,
    caller: RunCaller = {},
    options: Parameters<Runs["start"]>[3] = {},
  ) {
    if (!caller.idempotency) return this.#begin(target, given, caller, options);
    const { id, body } = caller.idempotency;
    if (id.length > 255) throw new PatchbayError("bad_request", "An Idempotency-Key has at most 255 characters.");
    const idempotency: Idempotency = { key: caller.key ?? "", id, bodyHash: hash(body) };
    const name = `${idempotency.key} ${id}`;
    const twin = this.#starting.get(name);
    if (twin) {
      mustBeSame(idempotency, twin.bodyHash);
      return twin.started;
    }
    // Nothing was waited for since the look: a second call with this id finds this one.
    const started = this.#findStored(idempotency).then(
      (found) => found ?? this.#beginOnce(target, given, caller, options, idempotency),
    );
    this.#starting.set(name, { bodyHash: idempotency.bodyHash, started });
    const release = () => this.#starting.delete(name);
    started.then(({ accepted }) => accepted).then(release, release);
    return started;
  }

  /** Begins a run unless the same call was faster at another door, whose run is found then. */
  async #beginOnce(
    target: RunTarget,
    given: Record<string, unknown>,
    caller: RunCaller,
    options: NonNullable<Parameters<Runs["start"]>[3]>,
    idempotency: Idempotency,
  ): Promise<Started> {
    const begun = await this.#begin(target, given, caller, options, idempotency);
    if (!this.#options.elsewhere) return begun;
    try {
      await begun.accepted;
      return begun;
    } catch (error) {
      const found = await this.#findStored(idempotency);
      if (found) return found;
      throw error;
    }
  }

  async #begin(
    target: RunTarget,
    given: Record<string, unknown>,
    caller: RunCaller,
    options: NonNullable<Parameters<Runs["start"]>[3]>,
    idempotency?: Idempotency,
  ): Promise<Started> {
    this.#mustRun();
    const { compiled, agent, draft } = await this.#graphs.choose(target);
    const input = await checkInput(compiled, given, {
      key: caller.key,
      history: caller.key === undefined || options.trusted === true,
      files: this.#world.files,
    });
    // Nothing below waits before the run is live: two calls of one session or id cannot both pass.
    this.#mustRun();
    const turn = caller.session === undefined ? undefined : `${caller.key ?? ""} ${caller.session}`;
    if (turn !== undefined) {
      const other = this.#turns.get(turn);
      if (other !== undefined)
        throw new PatchbayError(
          "conflict",
          `Session "${caller.session}" has a turn that still runs (${other}); wait for it or cancel it.`,
          { retryAfter: 1 },
        );
    }
    this.#mustFit(caller.key);

    const run = newId();
    const { log } = this.#world;
    log.saveGraph(compiled.hash, compiled.graph);
    const feed = this.#feed(run);
    if (options.stream) feed.wanted = true;
    const host = new RunHost(this.#world, {
      run,
      feed,
      draft,
      ...(caller.key !== undefined && { key: caller.key }),
      ...(idempotency && { idempotency }),
      ...(options.eager && { eager: true }),
    });
    const start = {
      agent,
      input,
      ...(caller.session !== undefined && { session: caller.session }),
      ...(caller.user !== undefined && { user: caller.user }),
      ...(caller.key !== undefined && { key: caller.key }),
      ...(options.fork && { fork: options.fork }),
      ...(options.pins && { pins: options.pins }),
      ...(options.range && { range: options.range }),
    };
    if (this.#options.elsewhere?.leave) {
      const accepted = log.append(
        { run, seq: 0, at: Date.now(), type: "run-start", ...start },
        { urgent: true, ...(idempotency && { idempotency }) },
      );
      const done = accepted.then(() => this.#rest(run));
      done.catch(() => {});
      return { id: run, done, accepted };
    }
    const controller = new AbortController();
    const execution = execute({
      run,
      graph: compiled,
      nodes: this.#options.nodes,
      host,
      signal: controller.signal,
      start,
    });
    if (turn !== undefined) this.#turns.set(turn, run);
    const live = this.#attach(
      run,
      { host, execution, controller, session: caller.session, key: caller.key },
      feed,
      turn,
    );
    return { id: run, done: live.done, accepted: execution.accepted };
  }

  async get(id: string, key?: string): Promise<RunResult> {
    const live = this.#live.get(id);
    if (live && key !== undefined && live.key !== key) throw missing(id);
    // What a live run has appended is on disk within milliseconds; its row is not looked for before that.
    if (live) await live.execution.accepted;
    const row = await this.#row(id, key);
    return this.#result(row);
  }

  async *follow(id: string, options: Parameters<Runs["follow"]>[1]): AsyncGenerator<RunItem, void, void> {
    const { log } = this.#world;
    const live = this.#live.get(id);
    if (live) await live.execution.accepted;
    const last = await log.last(id);
    if (last < 0) throw missing(id);
    const feed = this.#feed(id);
    // Nobody here says when a run rests that is not live here: its row does, looked at again whenever there is news.
    const look = async () => {
      const how = this.#live.has(id) ? undefined : await this.#rests(id);
      if (how && !this.#live.has(id)) feed.rest(await log.last(id), how === "ended");
    };
    const stopLooking = this.#live.has(id) ? undefined : log.watch(id, () => void look().catch(() => undefined));
    if (!this.#live.has(id)) feed.restsAt = -1;
    await look();
    const { elsewhere } = this.#options;
    let stopWanting: (() => void) | undefined;
    if (elsewhere && !this.#live.has(id) && !feed.ended) {
      feed.far = true;
      if (options.deltas ?? true) stopWanting = elsewhere.want(id);
    }
    try {
      yield* follow(log, id, feed, {
        after: options.after ?? -1,
        untilRest: options.untilWait ?? false,
        deltas: options.deltas ?? true,
        signal: options.signal,
      });
    } finally {
      stopLooking?.();
      stopWanting?.();
      this.#dropFeed(id);
    }
  }

  /** Whether nobody works on the run: it ended, or it waits and was given back. */
  async #rests(id: string): Promise<"ended" | "waits" | undefined> {
    const { log } = this.#world;
    const row = await this.#row(id);
    if (row.endedAt !== undefined) return "ended";
    const waits = row.status === "waiting" || row.status === "uncertain";
    return waits && (await log.owner(id)) === undefined ? "waits" : undefined;
  }

  /** Resolves when a run that another process has ended or waits. */
  async #rest(id: string): Promise<RunResult> {
    const { signal } = new AbortController();
    for await (const _item of this.follow(id, { untilWait: true, deltas: false, signal }));
    return this.#result(await this.#row(id));
  }

  async cancel(id: string): Promise<RunResult> {
    const live = this.#live.get(id);
    if (live) {
      live.controller.abort(new PatchbayError("cancelled", "The run was cancelled."));
      return live.done;
    }
    return this.#locks.take(id, async () => {
      const again = this.#live.get(id);
      if (again) {
        again.controller.abort(new PatchbayError("cancelled", "The run was cancelled."));
        return again.done;
      }
      const row = await this.#row(id);
      if (row.endedAt !== undefined) return this.#result(row);
      const { log } = this.#world;
      const owner = await log.owner(id);
      if (owner !== undefined && this.#options.elsewhere) {
        await this.#options.elsewhere.ask(owner, { run: id, what: "cancel" });
        return this.#result(await this.#row(id));
      }
      this.#expire(id, []);
      await log.append(
        { run: id, seq: (await log.last(id)) + 1, at: Date.now(), type: "run-cancel" },
        { urgent: true },
      );
      return this.#result(await this.#row(id));
    });
  }

  async answer(id: string, answers: WaitAnswer[]): Promise<{ id: string; done: Promise<RunResult> }> {
    return this.#locks.take(id, async () => {
      const row = await this.#row(id);
      const events = await this.conversations.events(id);
      const fresh = newAnswers(id, events, answers, Date.now());
      const live = this.#live.get(id);
      if (fresh.length === 0) return { id, done: live?.done ?? this.#result(await this.#row(id)) };
      if (live) {
        if (await live.execution.answer(fresh)) return { id, done: live.done };
        // It was parked just now; it is taken up again below, when it has been let go.
        await live.execution.outcome;
        await Promise.all(this.#releasing);
      }
      const { elsewhere } = this.#options;
      const owner = await this.#world.log.owner(id);
      if (owner !== undefined && elsewhere) {
        await elsewhere.ask(owner, { run: id, what: "answer", answers: fresh });
        return { id, done: this.#rest(id) };
      }
      this.#mustRun();
      if (!elsewhere?.leave) this.#mustFit(row.key);
      await this.#hold(id);
      try {
        // Another door may have been faster.
        const still = newAnswers(id, await this.conversations.events(id), answers, Date.now());
        if (elsewhere?.leave && still.length > 0) {
          const { log } = this.#world;
          await log.append(
            {
              run: id,
              seq: (await log.last(id)) + 1,
              at: Date.now(),
              type: "run-resume",
              reason: "answer",
              answers: still,
            },
            { urgent: true },
          );
        }
        if (elsewhere?.leave || still.length === 0) {
          await this.#world.log.release(id, { queue: true });
          return { id, done: this.#rest(id) };
        }
      } catch (error) {
        await this.#world.log.release(id, { queue: true });
        throw error;
      }
      const resumed = await this.#resume(row, fresh);
      await resumed.execution.accepted;
      return { id, done: resumed.done };
    });
  }

  async fork(id: string, node: string, outputs?: Record<string, unknown>) {
    const row = await this.#row(id);
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

  async resumeAll(): Promise<void> {
    const rows = await this.#world.log.unfinished();
    const queue = rows.filter((row) => !this.#live.has(row.id));
    const take = async () => {
      for (let row = queue.shift(); row && !this.#stopping; row = queue.shift()) {
        const one = row;
        await this.#locks
          .take(one.id, async () => {
            if (this.#live.has(one.id)) return;
            await (await this.#resume(one, [])).execution.accepted;
          })
          .catch((error: unknown) => this.#giveUp(one.id, error));
      }
    };
    await Promise.all(Array.from({ length: RESUME_AT_ONCE }, take));
  }

  async work(run: string): Promise<void> {
    let live: Live | undefined;
    await this.#locks
      .take(run, async () => {
        live = this.#live.get(run);
        const row = live ? undefined : await this.#world.log.row(run);
        if (!row || row.endedAt !== undefined || this.#stopping) return;
        live = await this.#resume(row, []);
        await live.execution.accepted;
      })
      .catch((error: unknown) => this.#giveUp(run, error));
    await live?.done;
  }

  hearText(run: string, delta: Delta, after: number): boolean {
    const feed = this.#feeds.get(run);
    return !feed?.far || feed.addFar(delta, after);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    for (const timer of [...this.#expiries.values(), ...this.#unsaved]) clearTimeout(timer);
    const settled = Promise.allSettled([...this.#live.values()].map((live) => live.done));
    await Promise.race([settled, new Promise((resolve) => setTimeout(resolve, GRACE_MS).unref())]);
    for (const live of this.#live.values()) {
      live.host.park();
      live.controller.abort(new PatchbayError("unavailable", "The server is stopping."));
    }
    await settled;
    await Promise.all(this.#releasing);
  }

  forget(slug: string): void {
    this.#graphs.forget(slug);
  }

  live(key?: string): number {
    return key === undefined ? this.#live.size : (this.#liveByKey.get(key) ?? 0);
  }

  /** Takes a run for this process. Rejects with `conflict` while another one has it. */
  async #hold(run: string): Promise<void> {
    if (!(await this.#world.log.claim(run)))
      throw new PatchbayError("conflict", `Another process works on run ${run}; try again in a moment.`, {
        retryAfter: 1,
      });
  }

  /** Goes on with a run that no process holds. Rejects with `conflict` when another one was faster. */
  async #resume(row: RunRow, answers: WaitAnswer[]): Promise<Live> {
    await this.#hold(row.id);
    // Read once it is held: nobody adds to it any more.
    const past = await this.conversations.events(row.id);
    const compiled = await this.#graphs.byHash(row.graph);
    const feed = this.#feed(row.id);
    feed.wanted ||= feed.isRead;
    feed.far = false;
    feed.rest(-1);
    this.#expire(row.id, []);
    const host = new RunHost(this.#world, {
      run: row.id,
      feed,
      draft: row.version === undefined,
      usage: foldRun(past).usage,
      ...(row.key !== undefined && { key: row.key }),
    });
    const controller = new AbortController();
    const start = past[0] as Extract<RunEvent, { type: "run-start" }>;
    const execution = execute({
      run: row.id,
      graph: compiled,
      nodes: this.#options.nodes,
      host,
      signal: controller.signal,
      start,
      past,
      answers,
    });
    const turn = row.session === undefined ? undefined : `${row.key ?? ""} ${row.session}`;
    if (turn !== undefined && !this.#turns.has(turn)) this.#turns.set(turn, row.id);
    return this.#attach(row.id, { host, execution, controller, session: row.session, key: row.key }, feed, turn);
  }

  /** Keeps a run while it is under way, and lets go of everything when it comes to rest. */
  #attach(run: string, parts: Omit<Live, "done">, feed: Feed, turn: string | undefined): Live {
    const beganAt = performance.now();
    const stopOffering = this.#options.elsewhere?.offer(run, feed);
    const live: Live = {
      ...parts,
      done: parts.execution.outcome.then(async (outcome) => {
        this.#live.delete(run);
        stopOffering?.();
        if (turn !== undefined && this.#turns.get(turn) === run) this.#turns.delete(turn);
        if (parts.key !== undefined) {
          const left = this.live(parts.key) - 1;
          if (left > 0) this.#liveByKey.set(parts.key, left);
          else this.#liveByKey.delete(parts.key);
        }
        // What is not over is anybody's again: after an answer, or, where this process stops, at once.
        if (outcome.waits || parts.host.isParked) this.#letGo(run, parts.host.isParked);
        feed.rest(parts.host.last, outcome.waits === undefined);
        this.#dropFeed(run);
        if (outcome.waits) this.#expire(run, outcome.waits);
        const code = outcome.error?.code;
        if (!parts.host.isParked && (code === "storage_full" || code === "unavailable")) this.#sealLater(run, outcome);
        // Another process took the run over, this one being taken for dead: how it ends is to be seen there.
        if (code === "conflict" && this.#options.elsewhere && (await this.#world.log.row(run))) return this.#rest(run);
        const result = toResult(run, outcome, parts.host.usage, parts.session);
        this.#options.rested?.(result, performance.now() - beganAt);
        return result;
      }),
    };
    this.#live.set(run, live);
    if (parts.key !== undefined) this.#liveByKey.set(parts.key, this.live(parts.key) + 1);
    return live;
  }

  #letGo(run: string, queue: boolean): void {
    const releasing = this.#world.log
      .release(run, { queue })
      .catch((error: unknown) => this.#options.report?.(error))
      .finally(() => this.#releasing.delete(releasing));
    this.#releasing.add(releasing);
  }

  /**
   * A run that failed because the log could not take its events has no end in it. It is written when the log takes
   * events again, so that what the caller was told and what is stored agree.
   */
  #sealLater(run: string, outcome: RunOutcome): void {
    const timer = setTimeout(async () => {
      this.#unsaved.delete(timer);
      const { log } = this.#world;
      try {
        const row = await log.row(run);
        if (!row || row.endedAt !== undefined) return;
        const last = await log.recover(run);
        await log.append(
          { run, seq: last + 1, at: Date.now(), type: "run-fail", error: outcome.error! },
          { urgent: true },
        );
      } catch {
        // Still full or busy: it is tried again until the process ends, and then the next one resumes the run.
        if (!this.#stopping) this.#sealLater(run, outcome);
      }
    }, this.#options.recoverMs ?? RECOVER_MS);
    timer.unref();
    this.#unsaved.add(timer);
  }

  /** A run that cannot be taken up ends, and says why. */
  async #giveUp(run: string, thrown: unknown): Promise<void> {
    // Another process was faster.
    if (thrown instanceof PatchbayError && thrown.code === "conflict") return;
    this.#options.report?.(thrown);
    const { log } = this.#world;
    const error =
      thrown instanceof PatchbayError
        ? thrown.toData()
        : { code: "internal" as const, message: "The run could not be resumed." };
    const seq = (await log.last(run)) + 1;
    await log
      .append({ run, seq, at: Date.now(), type: "run-fail", error }, { urgent: true })
      .catch((failed: unknown) => this.#options.report?.(failed));
  }

  /** Answers what nobody answered in time: with no. */
  #expire(run: string, waits: Wait[]): void {
    clearTimeout(this.#expiries.get(run));
    this.#expiries.delete(run);
    const first = Math.min(...waits.map((wait) => wait.expiresAt ?? Number.POSITIVE_INFINITY));
    if (first === Number.POSITIVE_INFINITY || this.#stopping) return;
    const timer = setTimeout(
      async () => {
        const now = Date.now();
        const over = waits.filter((wait) => wait.expiresAt !== undefined && wait.expiresAt <= now);
        if (over.length === 0) return this.#expire(run, waits);
        await this.#locks
          .take(run, async () => {
            const row = await this.#row(run);
            const events = await this.conversations.events(run);
            const open = new Set(foldRun(events).waits.map((wait) => wait.wait));
            const answers = over
              .filter((wait) => open.has(wait.wait))
              .map((wait): WaitAnswer => ({ wait: wait.wait, choice: wait.kind === "uncertain" ? "fail" : "reject" }));
            if (answers.length > 0) await this.#resume(row, answers);
          })
          .catch((error: unknown) => this.#options.report?.(error));
      },
      Math.min(Math.max(0, first - Date.now()), MAX_TIMER),
    );
    timer.unref();
    this.#expiries.set(run, timer);
  }

  /** The run that this very call started before, where it did. Rejects with `conflict` for another body. */
  async #findStored(idempotency: Idempotency): Promise<Started | undefined> {
    const found = await this.#world.log.findIdempotent(idempotency.key, idempotency.id);
    if (!found) return undefined;
    mustBeSame(idempotency, found.bodyHash);
    const live = this.#live.get(found.run);
    const done = live?.done ?? (this.#options.elsewhere ? this.#rest(found.run) : this.get(found.run));
    done.catch(() => {});
    return { id: found.run, done, accepted: Promise.resolve() };
  }

  async #row(id: string, key?: string): Promise<RunRow> {
    const row = await this.#world.log.row(id);
    if (!row || (key !== undefined && row.key !== key)) throw missing(id);
    return row;
  }

  async #result(row: RunRow): Promise<RunResult> {
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
      const { log } = this.#world;
      const [end] = await log.read(row.id, (await log.last(row.id)) - 1, 1);
      if (end?.type === "run-end") result.output = end.output;
      else if (end?.type === "run-fail") result.error = end.error;
      return result;
    }
    const view = foldRun(await this.conversations.events(row.id));
    result.status = view.status;
    result.usage = view.usage;
    if (view.waits.length > 0) result.waits = view.waits;
    return result;
  }

  #feed(run: string): Feed {
    let feed = this.#feeds.get(run);
    if (!feed) {
      feed = new Feed();
      this.#feeds.set(run, feed);
    }
    return feed;
  }

  #dropFeed(run: string): void {
    if (!this.#live.has(run) && !this.#feeds.get(run)?.isFollowed) this.#feeds.delete(run);
  }

  #mustRun(): void {
    if (this.#stopping)
      throw new PatchbayError("unavailable", "The server is stopping; try again in a moment.", { retryAfter: 5 });
  }

  #mustFit(key: string | undefined): void {
    const most = this.#options.maxLive ?? MAX_LIVE;
    if (this.#live.size >= most)
      throw new PatchbayError("queue_full", `${most} runs are under way, the most there may be; try again later.`, {
        retryAfter: 5,
      });
    const limit = key === undefined ? undefined : this.#options.liveRuns?.(key);
    if (limit !== undefined && this.live(key) >= limit)
      throw new PatchbayError(
        "rate_limited",
        `This key has ${limit} runs under way, the most it may have; wait for one to end.`,
        { retryAfter: 2 },
      );
  }
}

/**
 * The answers that are new. The same answer again is no error: it changes nothing. Throws `not_found`, `gone` (expired
 * or over), `conflict` (answered otherwise), `bad_request` (a choice that the wait does not have).
 */
function newAnswers(run: string, events: RunEvent[], answers: WaitAnswer[], now: number): WaitAnswer[] {
  const waits = new Map<string, Wait>();
  const given = new Map<string, WaitAnswer>();
  for (const event of events) {
    if (event.type === "run-wait") for (const wait of event.waits) waits.set(wait.wait, wait);
    else if (event.type === "run-resume") for (const answer of event.answers ?? []) given.set(answer.wait, answer);
  }
  const over = events.length > 0 && TERMINAL.has(events.at(-1)!.type);
  return answers.filter((answer) => {
    const wait = waits.get(answer.wait);
    if (!wait) throw new PatchbayError("not_found", `Run ${run} does not wait for "${answer.wait}".`);
    const before = given.get(answer.wait);
    if (before) {
      if (
        before.choice === answer.choice &&
        canonicalJson(before.value ?? null) === canonicalJson(answer.value ?? null)
      )
        return false;
      throw new PatchbayError("conflict", `"${answer.wait}" was answered already: ${before.choice}.`);
    }
    if (over) throw new PatchbayError("gone", `Run ${run} is over; it waits for nothing any more.`);
    if (wait.expiresAt !== undefined && wait.expiresAt <= now)
      throw new PatchbayError("gone", `The time to answer "${answer.wait}" is over.`);
    const choices = wait.kind === "uncertain" ? ["retry", "skip", "fail"] : ["approve", "reject"];
    if (!choices.includes(answer.choice))
      throw new PatchbayError(
        "bad_request",
        `"${answer.choice}" is no answer to this; it takes ${choices.join(", ")}.`,
        { path: "/choice" },
      );
    return true;
  });
}

function toResult(id: string, outcome: RunOutcome, usage: RunResult["usage"], session: string | undefined): RunResult {
  const result: RunResult = { id, status: outcome.status, usage };
  if (outcome.output) result.output = outcome.output;
  if (outcome.error) result.error = outcome.error;
  if (outcome.waits) result.waits = outcome.waits;
  if (session !== undefined) result.session = session;
  return result;
}

function mustBeSame(idempotency: Idempotency, bodyHash: string): void {
  if (idempotency.bodyHash !== bodyHash)
    throw new PatchbayError(
      "conflict",
      `The Idempotency-Key "${idempotency.id}" was used before with another body; use a new one.`,
    );
}

function missing(id: string): PatchbayError {
  return new PatchbayError("not_found", `There is no run "${id.slice(0, 100)}".`);
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

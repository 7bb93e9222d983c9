import type { RunEvent } from "../../runtime/event.ts";
import type { RunStatus } from "../../runtime/fold-run.ts";
import type { Graph } from "../../runtime/graph.ts";
import type { RunFilter, RunRow, SessionRow, UsageDimension, UsageRow } from "../contract/run.ts";

/** Identifies a call, so that the same call sent twice is one run. Unique per `key` (empty: the admin). */
export interface Idempotency {
  key: string;
  id: string;
  /** Hash of the body: a different body under the same id is a conflict. */
  bodyHash: string;
}

/**
 * The events of all runs, which are the only record of a run. Events of one run are appended in order of `seq`, without
 * gaps; readers see an event only after it is on disk. Each implementation runs the same contract suite.
 */
export interface EventLog {
  /**
   * Adds an event. `urgent`: written at once; others may wait up to 20 ms, or until the next urgent one of the run.
   * Resolves when it and all before it are on disk. Rejects with `storage_full` or `unavailable`; then every later
   * append to this run rejects too.
   */
  append(event: RunEvent, options?: { urgent?: boolean; idempotency?: Idempotency }): Promise<void>;
  /** Events with a `seq` greater than `after` (all: -1), in order, at most `limit` (1000). */
  read(run: string, after: number, limit?: number): Promise<RunEvent[]>;
  /** `seq` of the last event on disk, or -1. Not a promise when it is known without a query. */
  last(run: string): number | Promise<number>;
  /** Calls back whenever more of the run is on disk, until the returned function is called. */
  watch(run: string, listener: () => void): () => void;
  row(run: string): Promise<RunRow | undefined>;
  rows(filter: RunFilter): Promise<RunRow[]>;
  /** How many runs have not ended, by status; `queued`: claimed by no process. */
  openRuns(): Promise<Partial<Record<RunStatus, number>>>;
  /**
   * Ids of unclaimed runs with work to do at `now` (Unix milliseconds), at most `limit`: neither ended nor parked, or
   * parked with an expired wait.
   */
  due(now: number, limit: number): Promise<string[]>;
  /** Conversations, the most recently used first. `after`: the last session of the previous page. */
  sessions(filter: {
    agent?: string;
    key?: string;
    user?: string;
    after?: string;
    limit?: number;
  }): Promise<SessionRow[]>;
  /** Runs of a session except forks, oldest first. `key` empty: the admin's. */
  sessionRuns(session: string, options?: { agent?: string; key?: string }): Promise<RunRow[]>;
  findIdempotent(key: string, id: string): Promise<{ run: string; bodyHash: string } | undefined>;
  rate(run: string, rating: { score: number; comment?: string }): Promise<boolean>;
  /** Removes the events and the row. False when there is no such run; rejects with `conflict` before it has ended. */
  delete(run: string): Promise<boolean>;
  /** Deletes ended runs that started before `time`; resolves with how many. */
  deleteBefore(time: number): Promise<number>;
  /**
   * Resumes a run whose appends failed: its next event follows the last one on disk. Resolves with that `seq`; rejects
   * as long as nothing can be stored.
   */
  recover(run: string): Promise<number>;
  /**
   * Claims a run for this process until it ends or is released; append only to a claimed run. A run that begins here is
   * claimed by its first event. False while another living process has it, and after it has ended.
   */
  claim(run: string): Promise<boolean>;
  /**
   * Releases a run. `parked`: it only waits for people, so there is nothing to do before a decision or the end of its
   * first wait. Otherwise any worker may continue it.
   */
  release(run: string, options?: { parked?: boolean }): Promise<void>;
  /** The living process that has the run, if any: see `Cluster` in `runs/cluster.ts`. */
  owner(run: string): Promise<string | undefined>;
  /** Stores a graph once by its hash; it is on disk no later than any later event. */
  saveGraph(hash: string, graph: Graph): void;
  graph(hash: string): Promise<Graph | undefined>;
  /** Sums over the rows of runs, in order of the groups. May take long; nothing else waits for it. */
  usage(filter: UsageFilter): Promise<UsageRow[]>;
  /** Writes pending events, then closes. */
  close(): Promise<void>;
}

export interface UsageFilter {
  /** Runs that began at or after `from` and before `to`: Unix milliseconds. */
  from: number;
  to: number;
  agent?: string;
  /** A published version; 0: drafts. */
  version?: number;
  /** Id of an agent key; `visitor`: chat pages; `trigger`: schedules and webhooks; empty: the admin's own runs. */
  key?: string;
  /** Groups, one row each. Default: day (UTC) and agent; empty: one row in all. */
  by?: readonly UsageDimension[];
}

import type { RunEvent } from "../../runtime/event.ts";
import type { RunStatus } from "../../runtime/fold-run.ts";
import type { Graph } from "../../runtime/graph.ts";
import type { RunFilter, RunRow, SessionRow, UsageDimension, UsageRow } from "../contract/run.ts";

/** Names a call so that the same call sent twice is one run. Unique per `key` (empty: the admin). */
export interface Idempotency {
  key: string;
  id: string;
  /** Hash of the body: another body under the same id is a conflict. */
  bodyHash: string;
}

/**
 * The events of all runs: the only record of them. Events of one run are appended in order of `seq`, without gaps;
 * readers see an event only after it is on disk. One contract suite, run by each implementation.
 */
export interface EventLog {
  /**
   * Adds an event. `urgent`: written at once; others may be held up to 20 ms or until the next urgent one of the run.
   * Resolves when it and all before it are on disk; rejects with `storage_full` or `unavailable`, and then so does
   * every later append to this run.
   */
  append(event: RunEvent, options?: { urgent?: boolean; idempotency?: Idempotency }): Promise<void>;
  /** Events with a `seq` greater than `after` (all: -1), in order, at most `limit` (1000). */
  read(run: string, after: number, limit?: number): Promise<RunEvent[]>;
  /** `seq` of the last event on disk; -1 where there is none. At once where it is known here. */
  last(run: string): number | Promise<number>;
  /** Calls back (with nothing) whenever more of the run is on disk, until the returned function is called. */
  watch(run: string, listener: () => void): () => void;
  row(run: string): Promise<RunRow | undefined>;
  rows(filter: RunFilter): Promise<RunRow[]>;
  /** How many runs have not ended, by status; `queued`: no process has it. */
  openRuns(): Promise<Partial<Record<RunStatus, number>>>;
  /**
   * Ids of runs that nobody has and that have something to do at `now` (Unix milliseconds), at most `limit`: neither
   * over nor parked, or parked with a wait that is over.
   */
  due(now: number, limit: number): Promise<string[]>;
  /** Conversations, the last spoken first. `after`: the last session of the page before. */
  sessions(filter: {
    agent?: string;
    key?: string;
    user?: string;
    after?: string;
    limit?: number;
  }): Promise<SessionRow[]>;
  /** Runs of a session that were not forks, oldest first. `key` empty: the admin's. */
  sessionRuns(session: string, options?: { agent?: string; key?: string }): Promise<RunRow[]>;
  findIdempotent(key: string, id: string): Promise<{ run: string; bodyHash: string } | undefined>;
  rate(run: string, rating: { score: number; comment?: string }): Promise<boolean>;
  /** Removes the events and the row. False when it was not there; rejects with `conflict` while it has not ended. */
  delete(run: string): Promise<boolean>;
  /** Deletes ended runs that started before; resolves with how many. */
  deleteBefore(time: number): Promise<number>;
  /**
   * Takes a run up again whose appends failed: its next event follows the last one on disk. Resolves with that `seq`;
   * rejects as long as nothing can be stored.
   */
  recover(run: string): Promise<number>;
  /**
   * Takes a run for this process alone, until it ends or is released: only then may it be appended to. A run that
   * begins here is claimed with it. False while another living process has it, and when it is over.
   */
  claim(run: string): Promise<boolean>;
  /**
   * Gives back a run. `parked`: it waits for people alone, so nothing is to be done on it before an answer or the end
   * of its first wait; else any worker may go on with it.
   */
  release(run: string, options?: { parked?: boolean }): Promise<void>;
  /** The living process that has the run, if any: see `Cluster` in `runs/cluster.ts`. */
  owner(run: string): Promise<string | undefined>;
  /** Stores a graph by its hash, once; on disk no later than any later event. */
  saveGraph(hash: string, graph: Graph): void;
  graph(hash: string): Promise<Graph | undefined>;
  /** Sums over runs by their rows, in order of what they are grouped by. May take long; nothing else waits for it. */
  usage(filter: UsageFilter): Promise<UsageRow[]>;
  /** Writes what is pending and closes. */
  close(): Promise<void>;
}

export interface UsageFilter {
  /** Runs that began at or after, before: Unix milliseconds. */
  from: number;
  to: number;
  agent?: string;
  /** A published version; 0: drafts. */
  version?: number;
  /** Id of an agent key; `visitor`: of chat pages, `trigger`: of schedules and webhooks; empty: the admin's own runs. */
  key?: string;
  /** What has a row of its own: a day (UTC) and an agent where it is not said; one row in all where it is empty. */
  by?: readonly UsageDimension[];
}

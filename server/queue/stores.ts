/** What a process stores in and shares with its peers. */
import type { Cluster } from "../runs/cluster.ts";
import type { RunsService } from "../runs/runs.ts";
import type { EventLog } from "../stores/event-log.ts";
import type { Ledger } from "../stores/ledger.ts";
import type { Records } from "../stores/records.ts";

/** `web` accepts calls, `worker` executes runs, `all` does both; `cli` is a command, which executes only its own runs. */
export type Role = "web" | "worker" | "all" | "cli";

export interface Stores {
  records: Records;
  ledger: Ledger;
  /** Call it after the secrets are open: `redact` removes them from the events. */
  openLog(redact: (text: string) => string): Promise<EventLog>;
  /** Living processes of the deployment, by role. Call it after `openLog`. */
  processes(): Record<string, number>;
  /** Calls back with the id of each other process that left or died. Call it after `openLog`. */
  onProcessGone(listener: (id: string) => void): void;
  /** Bytes of the databases. */
  databaseBytes(): Promise<Record<string, number>>;
  /** For `createRuns`; absent for a single process. */
  cluster?: Cluster;
  /**
   * Starts resuming runs: those the last process left, or those in the queue. Call it once. `leading` is work that one
   * process does at a time: `begin` is called when this process becomes the leader, `end` when it no longer is.
   */
  start(runs: RunsService, leading: { begin(): Promise<void>; end(): Promise<void> }): Promise<void>;
  /** Takes no more runs. Call it before the runs are stopped. */
  stopQueue(): Promise<void>;
  /** Call it after the runs are stopped and the log is closed. */
  close(): Promise<void>;
}

/** What runs need from the other processes that share the event log. */
import type { WaitDecision } from "../../runtime/event.ts";
import type { Feed } from "./feed.ts";

/** Only present when several processes share the log. */
export interface Cluster {
  /** True in a web process: workers execute the runs that it accepts. */
  leaveToWorkers: boolean;
  /**
   * Asks the owner of a run to cancel it or to apply decisions. False when that process is gone; it may or may not have
   * done it. Rejects as `cancel` and `answer` do.
   */
  send(owner: string, ask: { run: string; what: "cancel" | "answer"; answers?: WaitDecision[] }): Promise<boolean>;
  /** How many runs of a key are running or queued in all processes; parked runs do not count. */
  liveRuns(key: string): Promise<number>;
  /** Requests the streamed text of a run of another process, until the returned function is called. */
  requestText(run: string): () => void;
  /** Offers the streamed text of a run of this process to the others, until the returned function is called. */
  offerText(run: string, feed: Feed): () => void;
}

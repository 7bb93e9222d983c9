/** What runs need to know of other processes that share the same log. */
import type { WaitDecision } from "../../runtime/event.ts";
import type { Feed } from "./feed.ts";

/** What a process with others beside it does differently. */
export interface Cluster {
  /** Runs that begin here are left to the workers. */
  leave: boolean;
  /**
   * Asks the process that has a run to cancel it or to take answers in. False when that process is gone, whether it did
   * it or not. Rejects as `cancel` and `answer` do.
   */
  ask(owner: string, ask: { run: string; what: "cancel" | "answer"; answers?: WaitDecision[] }): Promise<boolean>;
  /** Runs of a key that are under way or queued in any process; those that wait for people are not. */
  liveRuns(key: string): Promise<number>;
  /** Text of a run that another process has is read here, until the returned function is called. */
  want(run: string): () => void;
  /** Text of a run that this process has is for others too, until the returned function is called. */
  offer(run: string, feed: Feed): () => void;
}

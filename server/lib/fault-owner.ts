/**
 * The work that a fault belongs to. A handler of an event or a timer has no caller to throw to; the async context of the
 * work that set it up still knows which run, request or task that was.
 */
import { AsyncLocalStorage } from "node:async_hooks";

export interface FaultOwner {
  kind: "run" | "request" | "task";
  id: string;
  /** Ends this work with an error. Contract: must not throw; may be called after the work has ended. */
  fail(): void;
}

const owners = new AsyncLocalStorage<FaultOwner | undefined>();

/** Runs `work`; faults in what it starts belong to `owner`. */
export function ownFaults<T>(owner: FaultOwner, work: () => T): T {
  return owners.run(owner, work);
}

/** Runs `work` without an owner: for a child process or a worker that is started once and shared. */
export function shareFaults<T>(work: () => T): T {
  return owners.run(undefined, work);
}

export function faultOwner(): FaultOwner | undefined {
  return owners.getStore();
}

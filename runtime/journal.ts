/** The past events of a resumed run, by node and scope. Work with events in it is not repeated. */
import {
  type EventOf,
  type EventType,
  nodeKey,
  type RunEvent,
  type Scope,
  TERMINAL,
  type Wait,
  type WaitDecision,
} from "./event.ts";

export class Journal {
  readonly #byNode = new Map<string, RunEvent[]>();
  readonly #waits = new Map<string, Wait>();
  readonly #decisions = new Map<string, WaitDecision>();
  readonly start: EventOf<"run-start"> | undefined;
  readonly end: EventOf<"run-end" | "run-fail" | "run-cancel"> | undefined;
  readonly length: number;

  constructor(past: readonly RunEvent[]) {
    this.length = past.length;
    for (const event of past) {
      if (event.type === "run-start") this.start = event;
      else if (event.type === "run-wait") this.addWaits(event.waits);
      else if (event.type === "run-resume") this.addDecisions(event.answers ?? []);
      else if (TERMINAL.has(event.type)) this.end = event as EventOf<"run-end" | "run-fail" | "run-cancel">;
      else if ("node" in event && event.type !== "run-fail") {
        const key = nodeKey(event.scope, event.node);
        const list = this.#byNode.get(key);
        if (list) list.push(event);
        else this.#byNode.set(key, [event]);
      }
    }
  }

  /** The events of a node in a scope, oldest first. */
  eventsOf(scope: Scope, node: string): readonly RunEvent[] {
    return this.#byNode.size === 0 ? NONE : (this.#byNode.get(nodeKey(scope, node)) ?? NONE);
  }

  addWaits(waits: readonly Wait[]): void {
    for (const wait of waits) this.#waits.set(`${nodeKey(wait.scope, wait.node)}|${wait.key}`, wait);
  }

  addDecisions(decisions: readonly WaitDecision[]): void {
    for (const decision of decisions)
      if (!this.#decisions.has(decision.wait)) this.#decisions.set(decision.wait, decision);
  }

  findWait(scope: Scope, node: string, key: string): Wait | undefined {
    return this.#waits.get(`${nodeKey(scope, node)}|${key}`);
  }

  decision(wait: string): WaitDecision | undefined {
    return this.#decisions.get(wait);
  }

  /** Waits without a decision. */
  openWaits(): Wait[] {
    return [...this.#waits.values()].filter((wait) => !this.#decisions.has(wait.wait));
  }
}

const NONE: readonly RunEvent[] = [];

/** The last of `events` with this type that `match` accepts. */
export function findLastEvent<T extends EventType>(
  events: readonly RunEvent[],
  type: T,
  match?: (event: EventOf<T>) => boolean,
): EventOf<T> | undefined {
  for (let i = events.length - 1; i >= 0; i--) {
    const event = events[i]!;
    if (event.type === type && (!match || match(event as EventOf<T>))) return event as EventOf<T>;
  }
  return undefined;
}

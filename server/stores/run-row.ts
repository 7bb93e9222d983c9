/** Derives a run's row from its events, one by one, by the rules of `foldRun`. */
import type { RunEvent, Wait } from "../../runtime/event.ts";
import { addUsage, emptyUsage } from "../../runtime/usage.ts";
import type { RunRow } from "../contract/run.ts";

const MESSAGE_CHARACTERS = 500;

/** A row, and the state that later events need. */
export interface RowState {
  row: RunRow;
  /** Open waits by id. */
  waits: Map<string, Pick<Wait, "kind" | "expiresAt">>;
  /** Start of the current period of work, and time of the last event. */
  since: number;
  at: number;
  /** Milliseconds of work in earlier periods. */
  activeMs: number;
}

/** Applies an event to the row, in place. `changed`: the status is new, so the row must be written. */
export function indexEvent(state: RowState | undefined, event: RunEvent): { state: RowState; changed: boolean } {
  if (event.type === "run-start") return { state: begin(event), changed: true };
  if (!state) throw new Error(`The first event of run ${event.run} is ${event.type}, not run-start.`);
  const { row, waits } = state;
  if (event.type === "run-resume") {
    // Nothing was done since the last event.
    state.activeMs += state.at - state.since;
    state.since = event.at;
  }
  state.at = event.at;
  addUsage(row.usage, event);
  switch (event.type) {
    case "run-wait":
      for (const wait of event.waits) waits.set(wait.wait, { kind: wait.kind, expiresAt: wait.expiresAt });
      return { state, changed: updateStatus(state) };
    case "run-resume":
      for (const answer of event.answers ?? []) waits.delete(answer.wait);
      return { state, changed: updateStatus(state) };
    case "run-end":
      end(state, "done");
      return { state, changed: true };
    case "run-fail":
      end(state, "failed");
      row.error = event.error.code;
      return { state, changed: true };
    case "run-cancel":
      end(state, "cancelled");
      return { state, changed: true };
  }
  return { state, changed: false };
}

function begin(event: Extract<RunEvent, { type: "run-start" }>): RowState {
  const { agent, input } = event;
  const row: RunRow = {
    id: event.run,
    status: "running",
    name: agent.name,
    graph: agent.graph,
    message: typeof input.message === "string" ? input.message.slice(0, MESSAGE_CHARACTERS) : "",
    usage: emptyUsage(),
    startedAt: event.at,
  };
  if (agent.id !== undefined) row.agent = agent.id;
  if (agent.slug !== undefined) row.slug = agent.slug;
  if (agent.version !== undefined) row.version = agent.version;
  if (event.session !== undefined) row.session = event.session;
  if (event.user !== undefined) row.user = event.user;
  if (event.key !== undefined) row.key = event.key;
  if (event.fork !== undefined) row.fork = event.fork.run;
  return { row, waits: new Map(), since: event.at, at: event.at, activeMs: 0 };
}

function end(state: RowState, status: RunRow["status"]): void {
  const { row, at, since } = state;
  row.status = status;
  row.endedAt = at;
  row.activeMs = Math.max(0, state.activeMs + at - since);
}

/** Sets the status from the open waits. True when it changed. */
function updateStatus({ row, waits }: RowState): boolean {
  const before = row.status;
  const uncertain = [...waits.values()].some((wait) => wait.kind === "uncertain");
  row.status = waits.size === 0 ? "running" : uncertain ? "uncertain" : "waiting";
  return row.status !== before;
}

/** When the first open wait expires (Unix milliseconds); null when none does. */
export function wakesAt({ waits }: RowState): number | null {
  const first = Math.min(...[...waits.values()].map((wait) => wait.expiresAt ?? Number.POSITIVE_INFINITY));
  return first === Number.POSITIVE_INFINITY ? null : first;
}

/** A run's row in lists: derived from its events, one by one, by the rules of `foldRun`. */
import type { RunEvent, Wait } from "../../runtime/event.ts";
import type { RunRow } from "../services.ts";

const MESSAGE_CHARACTERS = 500;

/** What a row is derived with. `waits`: those that nobody has answered, by id. */
export interface RowState {
  row: RunRow;
  waits: Map<string, Pick<Wait, "kind" | "expiresAt">>;
}

/** Takes an event into the row, which is changed. True when lists must see it now: a new status. */
export function indexEvent(state: RowState | undefined, event: RunEvent): { state: RowState; changed: boolean } {
  if (event.type === "run-start") return { state: begin(event), changed: true };
  if (!state) throw new Error(`The first event of run ${event.run} is ${event.type}, not run-start.`);
  const { row, waits } = state;
  switch (event.type) {
    case "message":
      row.usage.steps++;
      break;
    case "tool-start":
      row.usage.toolCalls++;
      break;
    case "usage":
      row.usage.inputTokens += event.inputTokens;
      row.usage.outputTokens += event.outputTokens;
      if (event.costUsd !== undefined) row.usage.costUsd = (row.usage.costUsd ?? 0) + event.costUsd;
      break;
    case "run-wait":
      for (const wait of event.waits) waits.set(wait.wait, { kind: wait.kind, expiresAt: wait.expiresAt });
      return { state, changed: settle(state) };
    case "run-resume":
      for (const answer of event.answers ?? []) waits.delete(answer.wait);
      return { state, changed: settle(state) };
    case "run-end":
      row.status = "done";
      row.endedAt = event.at;
      return { state, changed: true };
    case "run-fail":
      row.status = "failed";
      row.endedAt = event.at;
      row.error = event.error.code;
      return { state, changed: true };
    case "run-cancel":
      row.status = "cancelled";
      row.endedAt = event.at;
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
    usage: { inputTokens: 0, outputTokens: 0, steps: 0, toolCalls: 0 },
    startedAt: event.at,
  };
  if (agent.id !== undefined) row.agent = agent.id;
  if (agent.slug !== undefined) row.slug = agent.slug;
  if (agent.version !== undefined) row.version = agent.version;
  if (event.session !== undefined) row.session = event.session;
  if (event.user !== undefined) row.user = event.user;
  if (event.key !== undefined) row.key = event.key;
  if (event.fork !== undefined) row.fork = event.fork.run;
  return { row, waits: new Map() };
}

/** The status that open waits give. */
function settle({ row, waits }: RowState): boolean {
  const before = row.status;
  const uncertain = [...waits.values()].some((wait) => wait.kind === "uncertain");
  row.status = waits.size === 0 ? "running" : uncertain ? "uncertain" : "waiting";
  return row.status !== before;
}

/** When the first open wait is over (Unix milliseconds); null where none ever is. */
export function wakesAt({ waits }: RowState): number | null {
  const first = Math.min(...[...waits.values()].map((wait) => wait.expiresAt ?? Number.POSITIVE_INFINITY));
  return first === Number.POSITIVE_INFINITY ? null : first;
}

/** A turn of the chat with the draft: a message, and the run of the whole graph or of a part. */
import type { ErrorData } from "../../runtime/error.ts";
import type { RunEvent, RunInput } from "../../runtime/event.ts";
import type { Message } from "../../runtime/message.ts";
import type { Pins } from "../graph/pins.ts";
import type { RunPart } from "./kept-conversation.ts";
import { foldAll, newRunState, type RunState } from "./run-state.ts";

export interface RunOptions {
  /** The run of an earlier turn of the session that this one replaces, with all turns after it. */
  replaces?: string;
  /** Absent: the pins of the draft. */
  pins?: Pins;
  range?: { to?: string; from?: string; only?: string };
  /** Set when only a part runs. Such a run does not belong to the session and gets the earlier turns as history. */
  part?: RunPart;
}

export interface Turn {
  id: number;
  input: RunInput;
  /** The part of the graph that ran; absent: the whole graph. */
  part?: RunPart;
  /** How many outputs were pinned. */
  pins?: number;
  /** How a part ran, to run it again. */
  options?: RunOptions;
  /** The state of the run. Updated when the run ends or only waits; `live` has the state in between. */
  runState?: RunState;
  /** Why the run did not start, or why a decision was rejected. */
  error?: ErrorData;
}

/** The turn of a run of an earlier visit; undefined before its first event. */
export function earlierTurn(id: number, events: readonly RunEvent[], part: RunPart | undefined): Turn | undefined {
  const runState = foldAll(newRunState(0), events);
  const { start } = runState.view;
  if (!start) return undefined;
  const { history: _history, ...input } = start.input;
  return {
    id,
    input,
    runState,
    pins: Object.keys(start.pins ?? {}).length,
    ...(part && { part, options: { part, pins: start.pins ?? {}, ...(start.range && { range: start.range }) } }),
  };
}

/** The turns of the whole graph that have a reply, as the history of a run; empty when there are none. */
export function earlierTurns(turns: readonly Turn[]): { history?: RunInput["history"] } {
  const history = turns.flatMap((turn): Message[] => {
    const reply = turn.runState?.view.output?.reply;
    if (turn.part || turn.runState?.view.status !== "done" || reply === undefined) return [];
    return [
      { role: "user", content: turn.input.message },
      { role: "assistant", content: typeof reply === "string" ? reply : JSON.stringify(reply) },
    ];
  });
  return history.length > 0 ? { history } : {};
}

/** Events are stored in chunks: the events of one run in one write are one row, with one event per line. */
import type { RunEvent } from "../../runtime/event.ts";
import { parseStoredEvent } from "../../runtime/stored-event.ts";

export interface Chunk {
  run: string;
  /** `seq` of the first and the last event. */
  first: number;
  last: number;
  /** One event per line. */
  body: string;
}

/** Events with a `seq` greater than `after`, at most `limit`. `chunks` are in order. */
export function eventsIn(chunks: Iterable<Pick<Chunk, "first" | "body">>, after: number, limit: number): RunEvent[] {
  const events: RunEvent[] = [];
  for (const { first, body } of chunks)
    for (const line of body.split("\n").slice(Math.max(0, after + 1 - first))) {
      events.push(parseStoredEvent(line));
      if (events.length >= limit) return events;
    }
  return events;
}

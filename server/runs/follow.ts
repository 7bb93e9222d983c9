/** Following a run: what is stored, then what comes, each event once and in order, with text on its way between. */
import { type RunItem, TERMINAL } from "../../runtime/event.ts";
import type { EventLog } from "../stores/event-log.ts";
import { due, type Feed } from "./feed.ts";

const PAGE = 200;

/**
 * Yields the events after `after`, then live ones. Reads from the log at the reader's own pace: nothing is buffered
 * for it. Ends after the last event of the run, when the run rests and `untilWait`, or when the signal aborts.
 */
export async function* follow(
  log: EventLog,
  run: string,
  feed: Feed,
  options: { after: number; untilWait: boolean; deltas: boolean; signal: AbortSignal },
): AsyncGenerator<RunItem, void, void> {
  const { signal } = options;
  let wake = () => {};
  let news = true;
  const poke = () => {
    news = true;
    wake();
  };
  const reader = feed.join(poke, options.deltas);
  const stopWatching = log.watch(run, poke);
  signal.addEventListener("abort", poke);
  try {
    let cursor = options.after;
    while (!signal.aborted) {
      news = false;
      const rests = feed.restsAt;
      const events = cursor < (await log.last(run)) ? await log.read(run, cursor, PAGE) : [];
      for (const event of events) {
        feed.see(event);
        for (const delta of due(reader, event.seq, true)) yield delta;
        if (signal.aborted) return;
        yield event;
        cursor = event.seq;
        if (TERMINAL.has(event.type)) return;
      }
      for (const delta of due(reader, cursor, false)) yield delta;
      if ((options.untilWait || feed.ended) && rests >= 0 && cursor >= rests && feed.restsAt === rests) return;
      if (events.length === PAGE || news || signal.aborted) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    signal.removeEventListener("abort", poke);
    stopWatching();
    feed.leave(reader);
  }
}

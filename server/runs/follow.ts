/** Follows a run: stored events, then new ones, each once and in order, with streamed text between them. */
import { type RunItem, TERMINAL } from "../../runtime/event.ts";
import type { EventLog } from "../stores/event-log.ts";
import { type Feed, unsentDeltas } from "./feed.ts";

const PAGE = 200;

/**
 * Yields the events after `after`, then live ones. Reads from the log at the reader's own pace: nothing is buffered
 * for it. Ends after a terminal event, when the run has settled and `untilSettled` is set, or when the signal aborts.
 */
export async function* follow(
  log: EventLog,
  run: string,
  feed: Feed,
  options: { after: number; untilSettled: boolean; deltas: boolean; signal: AbortSignal },
): AsyncGenerator<RunItem, void, void> {
  const { signal } = options;
  let wake = () => {};
  let hasNews = true;
  const onNews = () => {
    hasNews = true;
    wake();
  };
  const reader = feed.join(onNews, options.deltas);
  const stopWatching = log.watch(run, onNews);
  signal.addEventListener("abort", onNews);
  try {
    let cursor = options.after;
    while (!signal.aborted) {
      hasNews = false;
      const { settledAt } = feed;
      const events = cursor < (await log.last(run)) ? await log.read(run, cursor, PAGE) : [];
      for (const event of events) {
        feed.observe(event);
        for (const delta of unsentDeltas(reader, event.seq, true)) yield delta;
        if (signal.aborted) return;
        yield event;
        cursor = event.seq;
        if (TERMINAL.has(event.type)) return;
      }
      for (const delta of unsentDeltas(reader, cursor, false)) yield delta;
      if ((options.untilSettled || feed.ended) && settledAt >= 0 && cursor >= settledAt && feed.settledAt === settledAt)
        return;
      if (events.length === PAGE || hasNews || signal.aborted) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    signal.removeEventListener("abort", onNews);
    stopWatching();
    feed.leave(reader);
  }
}

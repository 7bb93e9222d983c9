/** Calls back for each event that is appended, and for each urgent event when it is on disk. */
import type { RunEvent } from "../../runtime/event.ts";
import type { EventLog } from "../stores/event-log.ts";

export function watchEvents<L extends Pick<EventLog, "append">>(
  log: L,
  watcher: { happened(event: RunEvent): void; stored(ms: number): void },
): L {
  const append = log.append.bind(log);
  log.append = (event, options) => {
    watcher.happened(event);
    if (!options?.urgent) return append(event, options);
    const startedAt = performance.now();
    return append(event, options).then(() => watcher.stored(performance.now() - startedAt));
  };
  return log;
}

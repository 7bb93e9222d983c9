/** A log that also tells who watches what happens: each event as it is given, and how long the disk took for those that are waited for. */
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
    const began = performance.now();
    return append(event, options).then(() => watcher.stored(performance.now() - began));
  };
  return log;
}

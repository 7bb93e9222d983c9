/** Writes the terminal event of a run that no process executes. */
import type { EventBody, EventOf, RunUsage } from "../../runtime/event.ts";
import { addUsage, emptyUsage } from "../../runtime/usage.ts";
import type { EventLog } from "../stores/event-log.ts";

/**
 * Appends `end` after the last stored event, with the usage of all stored events (omitted when they cannot be read).
 * `last`: `seq` of the last stored event, if known. Rejects as `EventLog.last` and `EventLog.append` do.
 */
export async function endRun(
  log: Pick<EventLog, "read" | "last" | "append">,
  run: string,
  end: Pick<EventOf<"run-fail">, "type" | "error"> | Pick<EventOf<"run-cancel">, "type">,
  last?: number,
): Promise<void> {
  const seq = (last ?? (await log.last(run))) + 1;
  // The row of an interrupted run lags behind its events.
  const usage = await storedUsage(log, run).catch(() => undefined);
  const body: EventBody = { ...end, ...(usage && { usage }) };
  await log.append({ run, seq, at: Date.now(), ...body }, { urgent: true });
}

async function storedUsage(log: Pick<EventLog, "read">, run: string): Promise<RunUsage> {
  const usage = emptyUsage();
  for (let after = -1; ; ) {
    const page = await log.read(run, after);
    for (const event of page) addUsage(usage, event);
    if (page.length === 0) return usage;
    after = page.at(-1)!.seq;
  }
}

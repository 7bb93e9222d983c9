/** What the admin sets for the whole server: one record. And what follows from it: runs that grow too old are deleted. */
import { z } from "zod";
import type { EventLog, Records, ServerSettings, Settings } from "./services.ts";

const KIND = "settings";
const ID = "server";
const DAY_MS = 86_400_000;
const SWEEP_MS = 3_600_000;

export const SettingsBody = z.strictObject({
  keepRunsDays: z
    .number()
    .int()
    .min(1)
    .max(36_500)
    .nullable()
    .describe("Ended runs that started earlier are deleted with their events; null: never."),
});

/** An unknown key of a newer version is left alone; a bad value of ours falls back to its default. */
const Stored = z.looseObject({ keepRunsDays: SettingsBody.shape.keepRunsDays.catch(null).default(null) });

export interface SettingsOptions {
  records: Records;
  log: Pick<EventLog, "deleteBefore">;
  now(): number;
  report(thrown: unknown): void;
}

/** `start` sweeps now and each hour until `close`; a change sweeps at once. */
export function createSettings({
  records,
  log,
  now,
  report,
}: SettingsOptions): Settings & { start(): void; close(): void } {
  let timer: NodeJS.Timeout | undefined;

  async function get(): Promise<ServerSettings> {
    const { keepRunsDays } = Stored.parse((await records.get(KIND, ID))?.body ?? {});
    return { keepRunsDays };
  }

  async function sweep(): Promise<void> {
    const { keepRunsDays } = await get();
    if (keepRunsDays !== null) await log.deleteBefore(now() - keepRunsDays * DAY_MS);
  }

  return {
    get,
    async change(change) {
      const stored = Stored.parse((await records.get(KIND, ID))?.body ?? {});
      await records.put(KIND, ID, { ...stored, ...change });
      // Runs that are too old by the new setting are gone when the answer comes.
      await sweep();
      return get();
    },
    start() {
      const soon = () => void sweep().catch(report);
      soon();
      timer = setInterval(soon, SWEEP_MS);
      timer.unref();
    },
    close() {
      clearInterval(timer);
    },
  };
}

/** What the admin sets for the whole server: one record. And what follows from it: runs and files that grow too old are deleted. */
import { z } from "zod";
import { ServerSettings } from "../contract/settings.ts";
import type { EventLog } from "../stores/event-log.ts";
import type { Records } from "../stores/records.ts";
import type { Settings } from "./service.ts";

const KIND = "settings";
const ID = "server";
const DAY_MS = 86_400_000;
const SWEEP_MS = 3_600_000;

/** An unknown key of a newer version is left alone; a bad value of ours falls back to its default. */
const Stored = z.looseObject({
  keepRunsDays: ServerSettings.shape.keepRunsDays.catch(null).default(null),
  defaultModel: ServerSettings.shape.defaultModel.catch(null).default(null),
  defaultEmbedder: ServerSettings.shape.defaultEmbedder.catch(null).default(null),
});

/** As they are stored, defaults for those that never were set. */
export async function readSettings(records: Pick<Records, "get">): Promise<ServerSettings> {
  const { keepRunsDays, defaultModel, defaultEmbedder } = Stored.parse((await records.get(KIND, ID))?.body ?? {});
  return { keepRunsDays, defaultModel, defaultEmbedder };
}

export interface SettingsOptions {
  records: Records;
  log: Pick<EventLog, "deleteBefore">;
  /** Uploads and artifacts. */
  files: { deleteBefore(time: number): Promise<number> };
  models: {
    /** Rejects with `model_missing`. */
    resolve(name: string): Promise<unknown>;
    /** Called after a change. */
    refresh(): void;
  };
  now(): number;
  report(thrown: unknown): void;
}

/**
 * `start` sweeps now and each hour until `close`; a change sweeps at once. Rejects with `model_missing` for a default
 * model that does not exist.
 */
export function createSettings({
  records,
  log,
  files,
  models,
  now,
  report,
}: SettingsOptions): Settings & { start(): void; close(): void } {
  let timer: NodeJS.Timeout | undefined;

  const get = () => readSettings(records);

  async function sweep(): Promise<void> {
    const { keepRunsDays } = await get();
    if (keepRunsDays === null) return;
    const time = now() - keepRunsDays * DAY_MS;
    await log.deleteBefore(time);
    await files.deleteBefore(time);
  }

  return {
    get,
    async change(change) {
      for (const model of [change.defaultModel, change.defaultEmbedder]) if (model) await models.resolve(model);
      const stored = Stored.parse((await records.get(KIND, ID))?.body ?? {});
      await records.put(KIND, ID, { ...stored, ...change });
      models.refresh();
      // Runs that are too old by the new setting are deleted before the response.
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

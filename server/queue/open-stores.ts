/** Opens the records, events, ledger and run queue of a process: files in the data folder, or PostgreSQL. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Env } from "../process/env.ts";
import type { EventLog } from "../stores/event-log.ts";
import { openEventLog } from "../stores/sqlite/event-log.ts";
import { lockFolder } from "../stores/sqlite/folder-lock.ts";
import { sqliteLedger } from "../stores/sqlite/ledger.ts";
import { sqliteRecords } from "../stores/sqlite/records.ts";
import { type Recovery, startRecovery } from "./recovery.ts";
import type { Role, Stores } from "./stores.ts";

/** Rejects with `unavailable` and one line; then nothing is left open. */
export async function openStores(env: Env, role: Role, report: (thrown: unknown) => void): Promise<Stores> {
  if (env.databaseUrl !== undefined) {
    const { postgresStores } = await import("./postgres-stores.ts");
    return postgresStores(env.databaseUrl, role, report);
  }
  const lock = lockFolder(env.dataDir);
  try {
    const records = await sqliteRecords(join(env.dataDir, "records.db"));
    const ledger = await sqliteLedger(join(env.dataDir, "ledger.db"));
    let log: EventLog | undefined;
    let recovery: Recovery | undefined;
    return {
      records,
      ledger,
      async openLog(redact) {
        log = await openEventLog({ file: join(env.dataDir, "runs.db"), redact });
        return log;
      },
      processes: () => ({ [role]: 1 }),
      onProcessGone() {},
      async databaseBytes() {
        const sizeOf = async (name: string) => (await stat(join(env.dataDir, name)).catch(() => undefined))?.size ?? 0;
        const names = ["runs.db", "records.db", "ledger.db"];
        // With the journal, which grows until it is copied into the database.
        const sizes = await Promise.all(
          names.map(async (name) => (await sizeOf(name)) + (await sizeOf(`${name}-wal`))),
        );
        return Object.fromEntries(names.map((name, index) => [name, sizes[index]!]));
      },
      async start(runs, leading) {
        recovery = await startRecovery({ log: log!, resume: (run) => runs.resume(run), report });
        await leading.begin();
      },
      async stopQueue() {
        await recovery?.stop();
      },
      async close() {
        await ledger.close();
        await records.close();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

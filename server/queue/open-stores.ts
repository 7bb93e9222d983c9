/** Opens the records, events, ledger and run queue of a process: files in the data folder, or PostgreSQL. */
import { stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { newId } from "../lib/ids.ts";
import type { Env } from "../process/env.ts";
import type { Cluster } from "../runs/cluster.ts";
import type { RunsService } from "../runs/runs.ts";
import type { EventLog } from "../stores/event-log.ts";
import type { Ledger } from "../stores/ledger.ts";
import { openPostgres } from "../stores/postgres/connect.ts";
import { openPostgresLog, type PostgresLog } from "../stores/postgres/event-log.ts";
import { postgresLedger } from "../stores/postgres/ledger.ts";
import { postgresRecords } from "../stores/postgres/records.ts";
import type { Records } from "../stores/records.ts";
import { openEventLog } from "../stores/sqlite/event-log.ts";
import { lockFolder } from "../stores/sqlite/folder-lock.ts";
import { sqliteLedger } from "../stores/sqlite/ledger.ts";
import { sqliteRecords } from "../stores/sqlite/records.ts";
import { electLeader, type Leader } from "./leader.ts";
import { type Recovery, startRecovery } from "./recovery.ts";
import { openRemoteCommands } from "./remote-commands.ts";
import { openRemoteDeltas, type RemoteDeltas } from "./remote-deltas.ts";
import { prepareRunQueue, type RunQueue, startRunQueue } from "./run-queue.ts";

/** `web` accepts calls, `worker` executes runs, `all` does both; `cli` is a command, which executes only its own runs. */
export type Role = "web" | "worker" | "all" | "cli";

export interface Stores {
  records: Records;
  ledger: Ledger;
  /** Call it after the secrets are open: `redact` removes them from the events. */
  openLog(redact: (text: string) => string): Promise<EventLog>;
  /** Living processes of the deployment, by role. Call it after `openLog`. */
  processes(): Record<string, number>;
  /** Calls back with the id of each other process that left or died. Call it after `openLog`. */
  onProcessGone(listener: (id: string) => void): void;
  /** Bytes of the databases. */
  databaseBytes(): Promise<Record<string, number>>;
  /** For `createRuns`; absent for a single process. */
  cluster?: Cluster;
  /**
   * Starts resuming runs: those the last process left, or those in the queue. Call it once. `leading` is work that one
   * process does at a time: `begin` is called when this process becomes the leader, `end` when it no longer is.
   */
  start(runs: RunsService, leading: { begin(): Promise<void>; end(): Promise<void> }): Promise<void>;
  /** Takes no more runs. Call it before the runs are stopped. */
  stopQueue(): Promise<void>;
  /** Call it after the runs are stopped and the log is closed. */
  close(): Promise<void>;
}

/** Rejects with `unavailable` and one line; then nothing is left open. */
export async function openStores(env: Env, role: Role, report: (thrown: unknown) => void): Promise<Stores> {
  if (env.databaseUrl !== undefined) return postgresStores(env.databaseUrl, role, report);
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

async function postgresStores(url: string, role: Role, report: (thrown: unknown) => void): Promise<Stores> {
  const postgres = await openPostgres(url);
  const records = await postgresRecords(postgres);
  let log: PostgresLog | undefined;
  let queue: RunQueue | undefined;
  let leader: Leader | undefined;
  let remoteDeltas: RemoteDeltas | undefined;
  let remoteCommands: Awaited<ReturnType<typeof openRemoteCommands>> | undefined;
  const ledger = postgresLedger(postgres.pool);
  return {
    records,
    ledger,
    async openLog(redact) {
      await prepareRunQueue(url, report);
      log = await openPostgresLog({ ...postgres, role, redact, member: `${hostname()}/${role}/${newId()}` });
      return log;
    },
    processes: () => log!.members.roles(),
    onProcessGone: (listener) => void log!.members.onGone(listener),
    async databaseBytes() {
      const { rows } = await postgres.pool.query<{ bytes: number }>(
        "SELECT pg_database_size(current_database()) AS bytes",
      );
      return { postgres: rows[0]!.bytes };
    },
    cluster: {
      leaveToWorkers: role === "web",
      send: (owner, command) => remoteCommands!.send(owner, command),
      liveRuns: (key) => log!.liveRuns(key),
      requestText: (run) => remoteDeltas?.requestText(run) ?? (() => {}),
      offerText: (run, feed) => remoteDeltas?.offerText(run, feed) ?? (() => {}),
    },
    async start(runs, leading) {
      const open = log!;
      remoteCommands = await openRemoteCommands({
        ...postgres,
        members: open.members,
        async serve({ run, what, answers }) {
          if (what === "cancel") await runs.cancel(run);
          else await runs.answer(run, answers as never);
        },
      });
      remoteDeltas = await openRemoteDeltas({
        ...postgres,
        addText: (run, delta, after) => runs.addRemoteText(run, delta, after),
      });
      if (role === "web") return;
      queue = await startRunQueue({ url, log: open, work: (run) => runs.work(run), report });
      leader = electLeader({ url, ...leading, report });
    },
    async stopQueue() {
      await queue?.stop();
      await remoteCommands?.close();
      remoteDeltas?.close();
      await leader?.close();
    },
    async close() {
      await queue?.close();
      await ledger.close();
      await records.close();
      await postgres.close();
    },
  };
}

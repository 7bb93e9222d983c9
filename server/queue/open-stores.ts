/** Opens what a process keeps its records, events and run queue in: files in the data folder, or PostgreSQL. */
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
import { type Leader, standForLeader } from "./leader.ts";
import { type Recovery, startRecovery } from "./recovery.ts";
import { openRemoteCommands } from "./remote-commands.ts";
import { openRemoteDeltas, type RemoteDeltas } from "./remote-deltas.ts";
import { prepareRunQueue, type RunQueue, startRunQueue } from "./run-queue.ts";

/** `web` takes calls in, `worker` works on runs, `all` does both. */
export type Role = "web" | "worker" | "all";

export interface Stores {
  records: Records;
  ledger: Ledger;
  /** Opened after the secrets are: `redact` takes them out of what is written. */
  openLog(redact: (text: string) => string): Promise<EventLog>;
  /** For `createRuns`; absent where there is one process alone. */
  cluster?: Cluster;
  /**
   * Takes up what is to be done: what the last process left, or what the queue brings. Call it once. `once` is what
   * only one of all processes does at a time: it begins here when this one may, and ends when it no longer may.
   */
  start(runs: RunsService, once: { begin(): Promise<void>; end(): Promise<void> }): Promise<void>;
  /** Takes up nothing more. Before the runs are stopped. */
  stopTaking(): Promise<void>;
  /** After the runs are stopped and the log is closed. */
  close(): Promise<void>;
}

/** Rejects with `unavailable` and one line. Nothing is left open then. */
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
      async start(runs, once) {
        recovery = await startRecovery({ log: log!, takeUp: (run) => runs.takeUp(run), report });
        await once.begin();
      },
      async stopTaking() {
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
  let asked: Awaited<ReturnType<typeof openRemoteCommands>> | undefined;
  const ledger = postgresLedger(postgres.pool);
  return {
    records,
    ledger,
    async openLog(redact) {
      await prepareRunQueue(url, report);
      log = await openPostgresLog({ ...postgres, role, redact, member: `${hostname()}/${role}/${newId()}` });
      return log;
    },
    cluster: {
      leave: role === "web",
      ask: (owner, ask) => asked!.ask(owner, ask),
      liveRuns: (key) => log!.liveRuns(key),
      want: (run) => remoteDeltas?.want(run) ?? (() => {}),
      offer: (run, feed) => remoteDeltas?.offer(run, feed) ?? (() => {}),
    },
    async start(runs, once) {
      const open = log!;
      asked = await openRemoteCommands({
        ...postgres,
        members: open.members,
        async serve({ run, what, answers }) {
          if (what === "cancel") await runs.cancel(run);
          else await runs.answer(run, answers as never);
        },
      });
      remoteDeltas = await openRemoteDeltas({
        ...postgres,
        hear: (run, delta, after) => runs.hearText(run, delta, after),
      });
      if (role === "web") return;
      queue = await startRunQueue({ url, log: open, work: (run) => runs.work(run), report });
      leader = standForLeader({ url, ...once, report });
    },
    async stopTaking() {
      await queue?.stop();
      await asked?.close();
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

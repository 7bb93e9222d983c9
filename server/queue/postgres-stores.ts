/** The stores and the run queue of a process on PostgreSQL. Loaded only there, with the drivers. */
import { hostname } from "node:os";
import { newId } from "../lib/ids.ts";
import { openPostgres } from "../stores/postgres/connect.ts";
import { openPostgresLog, type PostgresLog } from "../stores/postgres/event-log.ts";
import { postgresLedger } from "../stores/postgres/ledger.ts";
import { postgresRecords } from "../stores/postgres/records.ts";
import { electLeader, type Leader } from "./leader.ts";
import { openRemoteCommands } from "./remote-commands.ts";
import { openRemoteDeltas, type RemoteDeltas } from "./remote-deltas.ts";
import { prepareRunQueue, type RunQueue, startRunQueue } from "./run-queue.ts";
import type { Role, Stores } from "./stores.ts";

export async function postgresStores(url: string, role: Role, report: (thrown: unknown) => void): Promise<Stores> {
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

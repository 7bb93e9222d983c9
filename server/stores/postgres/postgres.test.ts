/** The stores on a real PostgreSQL: the contract suites, and faults of several processes. */
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunEvent } from "../../../runtime/event.ts";
import { prepareRunQueue } from "../../queue/run-queue.ts";
import { startPostgres, type TestPostgres, withoutPostgres } from "../../testing/postgres.ts";
import { end, eventLogContract, start, writer } from "../contracts/event-log.contract.ts";
import { ledgerContract } from "../contracts/ledger.contract.ts";
import { recordsContract } from "../contracts/records.contract.ts";
import { openPostgres, type Postgres } from "./connect.ts";
import { openPostgresLog, type PostgresLogOptions } from "./event-log.ts";
import { postgresLedger } from "./ledger.ts";
import { postgresRecords } from "./records.ts";
import { migrate, POSTGRES_MIGRATIONS } from "./schema.ts";

/** A proxy to the database whose open connections can go silent without an error. */
async function silentProxy(to: number) {
  const open = new Set<Socket>();
  const proxy = createServer((near) => {
    const far = connect(to, "127.0.0.1");
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(socket);
      socket.on("data", (bytes) => other.write(bytes));
      socket.on("close", () => other.destroy());
      socket.on("error", () => undefined);
    }
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  return {
    port: (proxy.address() as AddressInfo).port,
    silence() {
      for (const socket of open) socket.pause();
    },
    close() {
      for (const socket of open) socket.destroy();
      proxy.close();
    },
  };
}

describe.skipIf(withoutPostgres())("PostgreSQL", () => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await startPostgres();
  }, 30_000);
  afterAll(() => server.close());

  recordsContract("PostgreSQL", async () => {
    const postgres = await openPostgres(await server.database());
    return { records: await postgresRecords(postgres), done: () => postgres.close() };
  });

  ledgerContract("PostgreSQL", async () => {
    const url = await server.database();
    const [one, other] = [await openPostgres(url), await openPostgres(url)];
    return {
      ledgers: [postgresLedger(one.pool), postgresLedger(other.pool)],
      async done() {
        await one.close();
        await other.close();
      },
    };
  });

  eventLogContract("PostgreSQL", async () => {
    const url = await server.database();
    const postgres = await openPostgres(url);
    await prepareRunQueue(url, console.error);
    let starts = 0;
    const open = () => openPostgresLog({ ...postgres, member: `start-${++starts}` });
    let log = await open();
    return {
      log,
      async reopen() {
        await log.close();
        log = await open();
        return log;
      },
      async done() {
        await log.close();
        await postgres.close();
      },
    };
  });

  describe("opening", () => {
    test("names what is wrong in one line, without the password", async () => {
      const base = `postgres://postgres:s3cret@127.0.0.1:${server.port}`;
      await expect(openPostgres(`${base}/nowhere`)).rejects.toMatchObject({
        code: "unavailable",
        message: expect.stringMatching(
          /^Cannot open PATCHBAY_DATABASE_URL \(127.0.0.1:\d+\/nowhere\): that database does not exist; create it first\.$/,
        ),
      });
      await expect(openPostgres("postgres://u:s3cret@127.0.0.1:1/x")).rejects.toThrow(/nothing listens there/);
    });

    test("a newer database is refused, and an interrupted migration is applied once", async () => {
      const url = await server.database();
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      const broken = [...POSTGRES_MIGRATIONS, "CREATE TABLE patchbay.extra (n int); SELECT 1 / 0"];
      await expect(migrate(client, broken)).rejects.toThrow(/division by zero/);
      // Nothing of it is applied, nor of the migrations before it.
      expect((await client.query("SELECT to_regclass('patchbay.records') AS found")).rows).toEqual([{ found: null }]);
      await migrate(client, [...POSTGRES_MIGRATIONS, "CREATE TABLE patchbay.extra (n int)"]);
      await client.query("INSERT INTO patchbay.extra VALUES (1)");
      await expect(openPostgres(url)).rejects.toThrow(
        `newer Patchbay (schema ${POSTGRES_MIGRATIONS.length + 1}, this one knows ${POSTGRES_MIGRATIONS.length})`,
      );
      expect((await client.query("SELECT n FROM patchbay.extra")).rows).toEqual([{ n: 1 }]);
      await client.end();
    });

    test("a database from before the migrator is opened, and its migrations are not applied again", async () => {
      const url = await server.database();
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      const before = POSTGRES_MIGRATIONS.slice(0, 3);
      await client.query("CREATE SCHEMA patchbay; CREATE TABLE patchbay.schema_version (version integer NOT NULL)");
      await client.query(`INSERT INTO patchbay.schema_version VALUES (${before.length}); ${before.join(";")}`);
      for (let start = 0; start < 2; start++) await (await openPostgres(url)).close();
      expect((await client.query("SELECT version FROM patchbay.schema_version")).rows).toEqual([
        { version: POSTGRES_MIGRATIONS.length },
      ]);
      expect((await client.query("SELECT count(*)::int AS n FROM patchbay.kysely_migration")).rows).toEqual([
        { n: POSTGRES_MIGRATIONS.length },
      ]);
      await client.end();
    });

    test("replicas that start together migrate once", async () => {
      const url = await server.database();
      const all = await Promise.all(Array.from({ length: 4 }, () => openPostgres(url)));
      for (const one of all) await one.close();
    });
  });

  describe("several processes", () => {
    let url: string;
    const opened: Postgres[] = [];
    beforeAll(async () => {
      url = await server.database();
    });
    afterAll(async () => {
      for (const postgres of opened) await postgres.close();
    });
    /** Each has its own connections, like a separate process. */
    const join = async (member: string, options: Partial<PostgresLogOptions> = {}) => {
      const postgres = await openPostgres(url);
      opened.push(postgres);
      return {
        postgres,
        log: await openPostgresLog({ ...postgres, member, heartbeatMs: 50, deadMs: 200, ...options }),
      };
    };
    const append = (seq: number, type: "node-skip" | "run-end" = "node-skip") =>
      type === "run-end" ? { seq, at: seq, ...end } : { seq, at: seq, type, node: "n" };

    test("a watcher in another process gets each event, in order and without a gap", async () => {
      const { log: a } = await join("writes");
      const { log: b } = await join("follows");
      const seen: number[] = [];
      const all = new Promise<void>((resolve) => {
        const stop = b.watch("watched", async () => {
          for (const event of await b.read("watched", seen.at(-1) ?? -1)) {
            if (event.seq > (seen.at(-1) ?? -1)) seen.push(event.seq);
            if (event.type === "run-end" && seen.at(-1) === event.seq) {
              stop();
              resolve();
            }
          }
        });
      });
      const write = writer(a, "watched");
      await write(start(), { urgent: true });
      for (let i = 0; i < 20; i++) await write({ type: "node-skip", node: `n${i}` }, { urgent: true });
      await write(end, { urgent: true });
      await all;
      expect(seen).toEqual(Array.from({ length: 22 }, (_, i) => i));
      expect(await b.last("watched")).toBe(21);
      await a.close();
      await b.close();
    });

    test("R8: only the process that claimed a run can append to it, and a released run can be claimed", async () => {
      const { log: a } = await join("first");
      const { log: b } = await join("second");
      await writer(a, "one")(start(), { urgent: true });
      expect(await b.claim("one")).toBe(false);
      expect(await b.owner("one")).toBe("first");
      await expect(b.append({ run: "one", ...append(1) } as RunEvent)).rejects.toMatchObject({ code: "conflict" });
      await a.release("one", { parked: true });
      expect(await b.owner("one")).toBeUndefined();
      expect(await b.claim("one")).toBe(true);
      await b.append({ run: "one", ...append(1) } as RunEvent, { urgent: true });
      await expect(a.append({ run: "one", ...append(2) } as RunEvent)).rejects.toMatchObject({ code: "conflict" });
      expect((await a.read("one", -1)).map((event) => event.seq)).toEqual([0, 1]);
      expect(await a.claim("nothing")).toBe(false);
      await a.close();
      await b.close();
    });

    test("exactly one of several concurrent claims succeeds", async () => {
      const all = await Promise.all(Array.from({ length: 4 }, (_, i) => join(`reach-${i}`)));
      const { log } = all[0]!;
      for (let round = 0; round < 5; round++) {
        const run = `race-${round}`;
        await writer(log, run)(start(), { urgent: true });
        await log.release(run, { parked: true });
        const claims = await Promise.all(all.map((one) => one.log.claim(run)));
        expect(claims.filter(Boolean)).toHaveLength(1);
      }
      for (const one of all) await one.log.close();
    });

    test("a silent process is removed, its run is claimed by another, and its late events are refused", async () => {
      // It sends no heartbeats but still works, as after a long pause.
      const silent = await join("silent", { heartbeatMs: 3_600_000 });
      const write = writer(silent.log, "lost");
      await write(start(), { urgent: true });
      await write({ type: "node-start", node: "a" }, { urgent: true });
      const { log } = await join("successor");
      await expect.poll(() => log.claim("lost"), { timeout: 4_000, interval: 50 }).toBe(true);
      await expect(write({ type: "node-skip", node: "late" }, { urgent: true })).rejects.toMatchObject({
        code: "conflict",
      });
      await expect(silent.log.recover("lost")).rejects.toMatchObject({ code: "conflict" });
      await log.append({ run: "lost", ...append(2, "run-end") } as RunEvent, { urgent: true });
      expect((await log.read("lost", -1)).map((event) => event.type)).toEqual(["run-start", "node-start", "run-end"]);
      await silent.log.close();
      await log.close();
    });

    test("the database restarts under load: no event is lost or duplicated, and no process is removed", async () => {
      // A busy machine needs time to start the database again.
      const patient = { retryForMs: 60_000 };
      const { log: a } = await join("steady-a", patient);
      const { log: b } = await join("steady-b", patient);
      let stop = false;
      const load = [a, b].flatMap((log, side) =>
        Array.from({ length: 4 }, async (_, i) => {
          const run = `restart-${side}-${i}`;
          const write = writer(log, run);
          await write(start(), { urgent: true });
          let count = 1;
          while (!stop) {
            await write({ type: "node-skip", node: "n" }, { urgent: true });
            count++;
          }
          await write(end, { urgent: true });
          return { run, count: count + 1 };
        }),
      );
      await expect.poll(() => a.last("restart-0-0"), { timeout: 5_000 }).toBeGreaterThan(5);
      await server.restart("immediate");
      const after = Number(await a.last("restart-0-0"));
      await expect.poll(() => a.last("restart-0-0"), { timeout: 60_000 }).toBeGreaterThan(after + 5);
      stop = true;
      for (const { run, count } of await Promise.all(load))
        expect((await b.read(run, -1, 100_000)).map((event) => event.seq)).toEqual([...Array(count).keys()]);
      await a.close();
      await b.close();
    }, 90_000);

    test("without a database an append rejects with unavailable, and reads work again afterwards", async () => {
      const { log } = await join("patient", { retryForMs: 300 });
      const write = writer(log, "away");
      await write(start(), { urgent: true });
      await server.stopServer();
      await expect(write({ type: "node-skip", node: "n" }, { urgent: true })).rejects.toMatchObject({
        code: "unavailable",
      });
      await expect(write({ type: "node-skip", node: "n" })).rejects.toMatchObject({ code: "unavailable" });
      await server.startServer();
      expect(await log.recover("away")).toBe(0);
      await log.append({ run: "away", ...append(1, "run-end") } as RunEvent, { urgent: true });
      expect((await log.row("away"))?.status).toBe("done");
      await log.close();
    }, 30_000);

    test("silently dead connections are detected and replaced, also that of the listener", async () => {
      const proxy = await silentProxy(server.port);
      const postgres = await openPostgres(url.replace(`:${server.port}/`, `:${proxy.port}/`), 400);
      opened.push(postgres);
      const log = await openPostgresLog({ ...postgres, member: "behind a firewall", heartbeatMs: 50 });
      const { log: other } = await join("in the open", { deadMs: 60_000 });
      const write = writer(log, "silence");
      await write(start(), { urgent: true });
      await Promise.all(Array.from({ length: 8 }, () => log.row("silence")));
      const reconnected = Promise.withResolvers<void>();
      await postgres.listener.on("patchbay_test", () => {}, reconnected.resolve);
      proxy.silence();
      await write({ type: "node-skip", node: "n" }, { urgent: true });
      expect(await log.last("silence")).toBe(1);
      await write(end, { urgent: true });
      expect(await other.last("silence")).toBe(2);
      await reconnected.promise;
      await log.close();
      await other.close();
      proxy.close();
    });

    test("events with text that PostgreSQL columns cannot hold are stored unchanged", async () => {
      const { log } = await join("odd");
      const message = `half ${"😀".slice(0, 1)} and \u0000 nul`;
      await writer(log, "odd")(start({ input: { message }, session: "s\u0000" }), { urgent: true });
      expect((await log.read("odd", -1))[0]).toMatchObject({ input: { message } });
      expect((await log.sessionRuns("s\u0000")).map((row) => row.id)).toEqual(["odd"]);
      await log.close();
    });
  });
});

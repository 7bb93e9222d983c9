/** Published calls on SQLite, and on PostgreSQL with one and two processes behind one load, every run's events stored with full sync. */
import { postgresBin, startPostgres } from "../server/testing/postgres.ts";
import { load } from "./load.ts";
import { round } from "./numbers.ts";
import { originOf, type Program } from "./processes.ts";
import { MESSAGE, publishAgents, withServers } from "./published-agents.ts";

export const quick = false;

export async function run({ full = false }: { full?: boolean } = {}) {
  if (!postgresBin()) {
    console.log("PostgreSQL is not installed: nothing to compare.");
    return undefined;
  }
  const seconds = full ? 15 : 5;
  const postgres = await startPostgres();
  const compare = withServers(async (servers) => {
    const server = (name: string, databaseUrl?: string, role = "all") =>
      servers.server(name, ["--role", role], {
        PATCHBAY_SECRETS_KEY: "one key for all that share a database",
        ...(databaseUrl !== undefined && { PATCHBAY_DATABASE_URL: databaseUrl }),
      });
    const rows: Record<string, string | number>[] = [];
    /** `targets`: the servers that receive calls. */
    const measure = async (store: string, all: Program[], targets: Program[], key: string) => {
      for (const connections of [1, 16]) {
        const each = Math.max(1, Math.round(connections / targets.length));
        const used = connections === 1 ? targets.slice(0, 1) : targets;
        const one = (seconds: number) => (target: Program) =>
          load({
            origin: originOf(target),
            path: "/v1/agents/plain/runs",
            headers: { authorization: `Bearer ${key}` },
            body: MESSAGE,
            connections: each,
            seconds,
            verify(status, body) {
              if (status !== 200 || !body.includes('"status":"done"'))
                throw new Error(`${status}: ${body.slice(0, 300)}`);
            },
          });
        await Promise.all(used.map(one(1)));
        const results = await Promise.all(used.map(one(seconds)));
        rows.push({
          store,
          connections,
          "calls/s": Math.round(results.reduce((sum, result) => sum + result.perSecond, 0)),
          "p50 ms": round(Math.max(...results.map((result) => result.p50Ms)), 2),
          "p95 ms": round(Math.max(...results.map((result) => result.p95Ms)), 2),
          "MB per process": Math.round(Math.max(...all.map((server) => server.rss())) / 2 ** 20),
        });
      }
    };
    const sqlite = await server("sqlite");
    await measure("SQLite, 1 process", [sqlite], [sqlite], await publishAgents(originOf(sqlite)));
    await sqlite.stop();

    const url = await postgres.database();
    const first = await server("first", url);
    const key = await publishAgents(originOf(first));
    await measure("PostgreSQL, 1 process", [first], [first], key);
    const second = await server("second", url);
    await measure("PostgreSQL, 2 processes", [first, second], [first, second], key);
    await first.stop();
    await second.stop();

    const web = await server("web", url, "web");
    const workers = [await server("worker-1", url, "worker"), await server("worker-2", url, "worker")];
    await measure("PostgreSQL, 1 web, 2 workers", [web, ...workers], [web], key);
    console.table(rows);
    return rows;
  });
  return await compare.finally(() => postgres.close());
}

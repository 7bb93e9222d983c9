/** Published calls on SQLite, and on PostgreSQL with one and two processes behind one load, every run's events stored with full sync. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { postgresBin, startPostgres } from "../server/testing/postgres.ts";
import { load } from "./load.ts";
import { round } from "./numbers.ts";
import { freePort, originOf, type Program, start } from "./processes.ts";
import { MESSAGE, setUp, TOKEN } from "./published-call.ts";

export const quick = false;

export async function run({ full = false }: { full?: boolean } = {}) {
  if (!postgresBin()) {
    console.log("PostgreSQL is not installed: nothing to compare.");
    return undefined;
  }
  const seconds = full ? 15 : 5;
  const folder = mkdtempSync(join(tmpdir(), "patchbay-bench-"));
  const postgres = await startPostgres();
  const programs: Program[] = [];
  const keep = async (starting: Promise<Program>) => {
    const program = await starting;
    programs.push(program);
    return program;
  };
  try {
    const modelPort = await freePort();
    await keep(start("server/testing/mock-model.ts", ["--port", String(modelPort)]));
    const server = (data: string, databaseUrl?: string, role = "all") =>
      keep(
        start("server/main.ts", ["--no-editor", "--role", role], {
          PORT: "0",
          PATCHBAY_DATA: join(folder, data),
          PATCHBAY_TOKEN: TOKEN,
          PATCHBAY_SECRETS_KEY: "one key for all that share a database",
          OPENAI_BASE_URL: `http://127.0.0.1:${modelPort}/v1`,
          OPENAI_API_KEY: "none",
          PATCHBAY_DEFAULT_MODEL: "openai/mock",
          ...(databaseUrl !== undefined && { PATCHBAY_DATABASE_URL: databaseUrl }),
        }),
      );
    const rows: Record<string, string | number>[] = [];
    const measure = async (store: string, servers: Program[], origins: string[], key: string) => {
      for (const connections of [1, 16]) {
        const each = Math.max(1, Math.round(connections / origins.length));
        const used = connections === 1 ? origins.slice(0, 1) : origins;
        const one = (seconds: number) => (origin: string) =>
          load({
            origin,
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
          "MB per process": Math.round(Math.max(...servers.map((server) => server.rss())) / 2 ** 20),
        });
      }
    };
    const sqlite = await server("sqlite");
    await measure("SQLite, 1 process", [sqlite], [originOf(sqlite)], await setUp(originOf(sqlite), TOKEN));
    await sqlite.stop();

    const url = await postgres.database();
    const first = await server("first", url);
    const key = await setUp(originOf(first), TOKEN);
    await measure("PostgreSQL, 1 process", [first], [originOf(first)], key);
    const second = await server("second", url);
    await measure("PostgreSQL, 2 processes", [first, second], [originOf(first), originOf(second)], key);
    await first.stop();
    await second.stop();

    const web = await server("web", url, "web");
    const workers = [await server("worker-1", url, "worker"), await server("worker-2", url, "worker")];
    await measure("PostgreSQL, 1 web, 2 workers", [web, ...workers], [originOf(web)], key);
    console.table(rows);
    return rows;
  } finally {
    for (const program of programs.reverse()) await program.stop();
    await postgres.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * A PostgreSQL server for tests and benchmarks: a new cluster in a temporary folder, on a free loopback port, with full
 * durability as in production unless the settings say otherwise.
 */
import { execFile, spawn } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { freePort } from "./free-port.ts";

const exec = promisify(execFile);
const ROOT = "/usr/lib/postgresql";

export interface TestPostgres {
  /** Creates an empty database; resolves with its URL. */
  database(): Promise<string>;
  port: number;
  /** Stops the server like a crash (`immediate`), or after it has disconnected its clients (`fast`), and starts it on the same port. */
  restart(mode?: "fast" | "immediate"): Promise<void>;
  stopServer(mode?: "fast" | "immediate"): Promise<void>;
  startServer(): Promise<void>;
  /** Stops the server and removes its folder. */
  close(): Promise<void>;
}

/** The folder of the newest installed PostgreSQL's programs, or undefined. */
export function postgresBin(): string | undefined {
  if (!existsSync(ROOT)) return undefined;
  const versions = readdirSync(ROOT).sort((a, b) => Number(b) - Number(a));
  return versions.map((version) => join(ROOT, version, "bin")).find((bin) => existsSync(join(bin, "initdb")));
}

/** For `describe.skipIf`: warns that tests are skipped because PostgreSQL is not installed. */
export function withoutPostgres(): boolean {
  if (postgresBin()) return false;
  console.warn("\n*** PostgreSQL is not installed (apt-get install postgresql): its tests are SKIPPED. ***\n");
  return true;
}

/** Starts a new server. `settings` are lines of postgresql.conf. Rejects when PostgreSQL is not installed. */
export async function startPostgres(settings: string[] = []): Promise<TestPostgres> {
  const bin = postgresBin();
  if (!bin) throw new Error("PostgreSQL is not installed: apt-get install postgresql");
  const folder = mkdtempSync(join(tmpdir(), "patchbay-pg-"));
  const user = process.getuid?.() === 0 ? idOf("postgres") : undefined;
  if (user) chownSync(folder, user.uid, user.gid);
  const data = join(folder, "data");
  // PostgreSQL refuses to run as root; node can start it as another user without a shell.
  const options = { cwd: folder, ...user };
  await exec(
    join(bin, "initdb"),
    ["-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync", "--locale=C.UTF-8"],
    options,
  );
  const port = await freePort();
  const flags = ["-p", String(port), "-k", folder, "-c", "listen_addresses=127.0.0.1", "-c", "shared_buffers=32MB"];
  for (const setting of settings) flags.push("-c", setting);

  const startServer = async () => {
    // The child of pg_ctl would keep pipes open.
    await new Promise<void>((resolve, reject) => {
      const child = spawn(
        join(bin, "pg_ctl"),
        ["-D", data, "-w", "-t", "30", "-l", join(folder, "log"), "-o", flags.join(" "), "start"],
        { ...options, stdio: "ignore" },
      );
      child.once("error", reject);
      child.once("exit", (code) =>
        code === 0
          ? resolve()
          : reject(new Error(`PostgreSQL did not start: ${readFileSync(join(folder, "log"), "utf8").slice(-2000)}`)),
      );
    });
  };
  const stopServer = async (mode: "fast" | "immediate" = "immediate") => {
    await exec(join(bin, "pg_ctl"), ["-D", data, "-m", mode, "-w", "stop"], options);
  };
  await startServer();
  let count = 0;
  return {
    port,
    startServer,
    stopServer,
    async database() {
      const name = `test_${++count}`;
      const client = new pg.Client({ host: "127.0.0.1", port, user: "postgres", database: "postgres" });
      await client.connect();
      await client.query(`CREATE DATABASE ${name}`);
      await client.end();
      return `postgres://postgres@127.0.0.1:${port}/${name}`;
    },
    async restart(mode) {
      await stopServer(mode);
      await startServer();
    },
    async close() {
      await stopServer().catch(() => undefined);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function idOf(name: string): { uid: number; gid: number } {
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((one) => one.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(":") ?? [];
  if (uid === undefined)
    throw new Error(`There is no user "${name}" to run PostgreSQL as; PostgreSQL refuses to run as root.`);
  return { uid: Number(uid), gid: Number(gid) };
}

/** A file in the data folder with the address of the running server, for the command line. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Env } from "./env.ts";

const FILE = "server.json";
const TIMEOUT_MS = 1_500;

interface ServerAddress {
  pid: number;
  origin: string;
}

/** File in the data folder with the admin token, used when `PATCHBAY_TOKEN` is not set. */
export function tokenFile(dataDir: string): string {
  return join(dataDir, "admin-token");
}

/** Writes the file. A failure is ignored: the server starts anyway. */
export function writeServerFile(dataDir: string, origin: string): void {
  try {
    writeFileSync(join(dataDir, FILE), JSON.stringify({ pid: process.pid, origin } satisfies ServerAddress), {
      mode: 0o600,
    });
  } catch {
    // The folder can be read-only. The command line then opens the data itself.
  }
}

/** Removes the file if this process wrote it. */
export function removeServerFile(dataDir: string): void {
  if (read(dataDir)?.pid === process.pid) rmSync(join(dataDir, FILE), { force: true });
}

/** Origin of the server that runs on this data folder; undefined when none responds. */
export async function findServer(dataDir: string): Promise<string | undefined> {
  const address = read(dataDir);
  // After a crash, another program can have the port. It must not receive the admin token.
  if (!address || !isAlive(address.pid)) return undefined;
  try {
    const response = await fetch(`${address.origin}/healthz`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return response.ok ? address.origin : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function read(dataDir: string): ServerAddress | undefined {
  try {
    const { pid, origin } = JSON.parse(readFileSync(join(dataDir, FILE), "utf8")) as Partial<ServerAddress>;
    return typeof pid === "number" && typeof origin === "string" ? { pid, origin } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether Patchbay has stored data with these settings. */
export function hasData(env: Pick<Env, "dataDir" | "databaseUrl">): boolean {
  return env.databaseUrl !== undefined || existsSync(join(env.dataDir, "records.db"));
}

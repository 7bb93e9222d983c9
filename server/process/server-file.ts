/** The server that runs on a data folder tells where it is, so that the command line talks to it and not past it. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Env } from "./env.ts";

const FILE = "server.json";
const ASK_MS = 1_500;

interface Note {
  pid: number;
  origin: string;
}

/** Writes the note; a failure is no reason not to start. */
export function writeServerFile(dataDir: string, origin: string): void {
  try {
    writeFileSync(join(dataDir, FILE), JSON.stringify({ pid: process.pid, origin } satisfies Note), { mode: 0o600 });
  } catch {
    // The folder may have become read-only since; the command line then opens the data by itself.
  }
}

/** Takes the note away, where it is this process's own. */
export function removeServerFile(dataDir: string): void {
  if (read(dataDir)?.pid === process.pid) rmSync(join(dataDir, FILE), { force: true });
}

/** Where the server of this data folder answers; `undefined` where none does. */
export async function findServer(dataDir: string): Promise<string | undefined> {
  const note = read(dataDir);
  // The port of a server that is gone may be another program's by now: it gets no token of ours.
  if (!note || !alive(note.pid)) return undefined;
  try {
    const answer = await fetch(`${note.origin}/healthz`, { signal: AbortSignal.timeout(ASK_MS) });
    return answer.ok ? note.origin : undefined;
  } catch {
    return undefined;
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function read(dataDir: string): Note | undefined {
  try {
    const note = JSON.parse(readFileSync(join(dataDir, FILE), "utf8")) as Partial<Note>;
    return typeof note.pid === "number" && typeof note.origin === "string" ? (note as Note) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether Patchbay ever ran with these settings: there is something to look at. */
export function hasData(env: Pick<Env, "dataDir" | "databaseUrl">): boolean {
  return env.databaseUrl !== undefined || existsSync(join(env.dataDir, "records.db"));
}

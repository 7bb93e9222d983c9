/** The services that MCP servers need, all real, in a folder of their own: SQLite records, sealed secrets, files, the guard. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createNet, type Net } from "../../net/safe-fetch.ts";
import { openSecrets } from "../../secrets/secrets.ts";
import type { Secrets } from "../../secrets/service.ts";
import { createFiles } from "../../stores/blobs/files.ts";
import { openBlobs } from "../../stores/blobs/open-blobs.ts";
import type { Files } from "../../stores/files.ts";
import type { Records } from "../../stores/records.ts";
import { sqliteRecords } from "../../stores/sqlite/records.ts";
import { createMcpServers } from "../mcp-servers.ts";
import type { McpDeps } from "../running.ts";
import type { McpServers } from "../service.ts";
import type { Script } from "./scripted-server.ts";

export interface TestServices {
  dir: string;
  records: Records;
  secrets: Secrets;
  files: Files;
  net: Net;
  /** The servers' clock: real time plus `ahead` milliseconds. */
  clock: { ahead: number };
  mcp: McpServers;
  /** MCP servers over the same records, as after a restart. */
  reopen(options?: Partial<McpDeps>): Promise<McpServers>;
  close(): Promise<void>;
}

export async function openTestServices(options: Partial<McpDeps> = {}): Promise<TestServices> {
  const dir = await mkdtemp(join(tmpdir(), "patchbay-mcp-"));
  const records = await sqliteRecords(join(dir, "records.db"));
  const secrets = await openSecrets(records, "a key for tests, long enough");
  const files = createFiles(records, await openBlobs(join(dir, "files")));
  const net = createNet();
  const clock = { ahead: 0 };
  const make = (more: Partial<McpDeps> = {}) =>
    createMcpServers({
      records,
      secrets,
      files,
      guard: net,
      dataDir: dir,
      now: () => Date.now() + clock.ahead,
      ...options,
      ...more,
    });
  const services: TestServices = {
    dir,
    records,
    secrets,
    files,
    net,
    clock,
    mcp: make(),
    reopen: async (more) => {
      await services.mcp.close();
      services.mcp = make(more);
      return services.mcp;
    },
    close: async () => {
      await services.mcp.close();
      await net.close();
      await records.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
  return services;
}

export const roughServer = fileURLToPath(new URL("./rough-server.ts", import.meta.url));
export const modernServer = fileURLToPath(new URL("./modern-server.ts", import.meta.url));

/** The command of `rough-server.ts` in a mode. */
export function rough(mode: string, ...more: string[]): { command: string; args: string[] } {
  return { command: process.execPath, args: [roughServer, mode, ...more] };
}

/** The command of `scripted-server.ts` with a script. */
export function scripted(script: Script | string): { command: string; args: string[] } {
  const file = fileURLToPath(new URL("./scripted-server.ts", import.meta.url));
  return { command: process.execPath, args: [file, typeof script === "string" ? script : JSON.stringify(script)] };
}

/** The file of a package's bin in node_modules. */
export function packageFile(path: string): string {
  return fileURLToPath(new URL(`../../../node_modules/${path}`, import.meta.url));
}

/** Whether a process runs. */
export function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Waits until a condition holds, at most `ms`; checks every few milliseconds. */
export async function eventually(holds: () => boolean | Promise<boolean>, ms = 3000): Promise<void> {
  const end = Date.now() + ms;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error("It did not become true in time.");
    await new Promise((done) => setTimeout(done, 5));
  }
}

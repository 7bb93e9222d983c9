/** Running servers: started on demand, paused after repeated failures, and compared with their pinned tools. */
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PatchbayError } from "../../runtime/error.ts";
import type { Guard } from "../net/guarded-fetch.ts";
import type { Secrets } from "../secrets/service.ts";
import type { Files } from "../stores/files.ts";
import type { Records } from "../stores/records.ts";
import type { McpSettings } from "./config.ts";
import { type Launch, SignInNeeded } from "./connect.ts";
import { McpConnection } from "./connection.ts";
import { connectionAuth } from "./oauth.ts";
import { reapLeftGroups } from "./process-group.ts";
import { folderOf, launchHash, type ServerRecord, type ServerState } from "./server-record.ts";
import { listChanges } from "./tool-list.ts";

const START_MS = 10_000;
/** For a command that may have to download the server before it can start it. */
const FETCHING_START_MS = 60_000;
const FETCHING = /^(?:npx|bunx|uvx|pipx|pnpm|pnpx|yarn|uv|deno|docker|podman)(?:\.cmd|\.exe)?$/;
const RESTART_WAITS_MS = [0, 250, 1_000];
/** After this many failures within a minute, the server is not started until the minute is over. */
const BREAKER = { failures: 3, withinMs: 60_000 };
const REFRESH_EVERY_MS = 1_000;

/** What a process knows of a server beyond its record. */
interface Live {
  connection?: McpConnection;
  starting?: Promise<McpConnection>;
  /** Times of crashes and failed starts. */
  failures: number[];
  message?: string;
  signIn?: boolean;
  refresh?: Promise<void>;
}

export interface McpDeps {
  records: Records;
  secrets: Secrets;
  files: Files;
  guard: Pick<Guard, "allowing">;
  /** Holds the servers' scratch folders and the list of what runs. */
  dataDir: string;
  now(): number;
  startMs?: number;
  callMs?: number;
}

export interface ServerBook {
  /** Rejects with `not_found`. */
  read(name: string): Promise<ServerRecord>;
  write(name: string, change: (record: ServerRecord) => ServerRecord): Promise<ServerRecord>;
}

export interface Running {
  /** The live connection, started where there is none. Rejects as `McpConnection.open`, or with `mcp_failed` in words. */
  connect(name: string): Promise<McpConnection>;
  state(name: string): ServerState;
  /** Clears the failures, so that the next start is tried at once. */
  forgive(name: string): void;
  /** Call when a tool call failed for want of a sign-in. */
  needSignIn(name: string): void;
  stop(name: string): Promise<void>;
  close(): Promise<void>;
}

function fetchesFirst({ command }: McpSettings): boolean {
  return command !== undefined && FETCHING.test(basename(command));
}

/** Ends the servers that an earlier process left running, and starts none. */
export function createRunning(deps: McpDeps, book: ServerBook): Running {
  const { secrets } = deps;
  const ledger = join(deps.dataDir, "mcp", ".groups");
  reapLeftGroups(ledger);
  const lives = new Map<string, Live>();
  let closed = false;

  const liveOf = (name: string): Live => {
    const known = lives.get(name);
    if (known) return known;
    const live: Live = { failures: [] };
    lives.set(name, live);
    return live;
  };

  async function launchOf({ settings, era }: ServerRecord): Promise<Launch> {
    const values = async (map: Record<string, { secret: string }> = {}) => {
      const result: Record<string, string> = {};
      for (const [key, { secret }] of Object.entries(map)) result[key] = await secrets.get(secret);
      return result;
    };
    const launch: Launch = {
      name: settings.name,
      startMs: deps.startMs ?? (fetchesFirst(settings) ? FETCHING_START_MS : START_MS),
      callMs: deps.callMs ?? 60_000,
      era,
      redact: (text) => secrets.redact(text),
    };
    if (settings.url)
      launch.http = {
        url: settings.url,
        headers: await values(settings.headers),
        auth: await connectionAuth(settings, deps),
        fetch: deps.guard.allowing([settings.url]),
      };
    else
      launch.stdio = {
        command: settings.command!,
        args: settings.args ?? [],
        env: await values(settings.env),
        cwd: folderOf(settings, deps.dataDir),
        ledger,
      };
    return launch;
  }

  /** The live connection, started where there is none. One start at a time, after a wait when it failed lately. */
  function connect(name: string): Promise<McpConnection> {
    const live = liveOf(name);
    if (live.connection?.alive) return Promise.resolve(live.connection);
    live.starting ??= start(name, live).finally(() => {
      live.starting = undefined;
    });
    return live.starting;
  }

  async function start(name: string, live: Live): Promise<McpConnection> {
    if (closed) throw new PatchbayError("unavailable", "The server is stopping.");
    const record = await book.read(name);
    if (record.approved !== launchHash(record.settings, deps.dataDir))
      throw new PatchbayError(
        "mcp_failed",
        `The MCP server "${name}" has not been approved. The admin can approve it under MCP servers.`,
      );
    live.failures = live.failures.filter((at) => deps.now() - at < BREAKER.withinMs);
    if (live.failures.length >= BREAKER.failures) {
      const seconds = Math.ceil((BREAKER.withinMs - (deps.now() - live.failures[0]!)) / 1000);
      throw new PatchbayError(
        "mcp_failed",
        `The MCP server "${name}" failed ${live.failures.length} times within a minute and is left alone for ${seconds} more seconds. ${live.message ?? ""}`.trim(),
      );
    }
    const wait = RESTART_WAITS_MS[live.failures.length] ?? 0;
    if (wait) await sleep(wait);
    try {
      const connection: McpConnection = await McpConnection.open(await launchOf(record), {
        onEnd: (crashed) => {
          if (live.connection === connection) live.connection = undefined;
          if (crashed) {
            live.failures.push(deps.now());
            live.message = "It ended unexpectedly; it is started again at the next call.";
          }
        },
        onListChanged: () => scheduleRefresh(name, live),
      });
      live.connection = connection;
      live.message = undefined;
      live.signIn = false;
      if (closed || (await book.read(name)).approved !== record.approved) {
        await connection.close();
        throw new PatchbayError("unavailable", `The MCP server "${name}" was changed or stopped meanwhile.`);
      }
      await settlePin(name, connection);
      return connection;
    } catch (thrown) {
      live.signIn = thrown instanceof SignInNeeded;
      live.message = thrown instanceof Error ? thrown.message : String(thrown);
      if (!live.signIn) live.failures.push(deps.now());
      throw thrown;
    }
  }

  /** Pins the tools at the first connection, and compares them with the pin at later ones. */
  async function settlePin(name: string, connection: McpConnection): Promise<void> {
    const { serverInfo, tools, rejected, era } = connection;
    const record = await book.read(name);
    if (!record.pin) {
      await book.write(name, (now) => ({ ...now, pin: { serverInfo, tools, rejected }, era }));
      return;
    }
    const changes = listChanges(record.pin.tools, tools);
    const was = record.pin.serverInfo;
    if (was.name !== serverInfo.name || was.version !== serverInfo.version)
      changes.unshift(`${was.name} ${was.version} is now ${serverInfo.name} ${serverInfo.version}`);
    if (!changes.length) {
      if (record.review || record.era !== era) await book.write(name, ({ review: _, ...now }) => ({ ...now, era }));
      return;
    }
    await book.write(name, (now) => ({ ...now, era, review: { serverInfo, tools, rejected, changes } }));
  }

  /** At most one refresh per second, however many notifications arrive. */
  function scheduleRefresh(name: string, live: Live): void {
    live.refresh ??= (async () => {
      await sleep(REFRESH_EVERY_MS, undefined, { ref: false });
      live.refresh = undefined;
      const { connection } = live;
      if (!connection?.alive || closed) return;
      await connection.refresh();
      await settlePin(name, connection);
    })().catch((thrown: unknown) => {
      live.message = thrown instanceof Error ? thrown.message : String(thrown);
    });
  }

  async function stop(name: string): Promise<void> {
    const live = liveOf(name);
    const starting = await live.starting?.catch(() => undefined);
    await (live.connection ?? starting)?.close();
    lives.delete(name);
  }

  return {
    connect,
    state: (name) => {
      const live = lives.get(name);
      return {
        ready: live?.connection?.alive ?? false,
        starting: live?.starting !== undefined,
        signIn: live?.signIn ?? false,
        message: live?.message,
      };
    },
    forgive: (name) => {
      liveOf(name).failures = [];
    },
    needSignIn: (name) => {
      liveOf(name).signIn = true;
    },
    stop,
    close: async () => {
      closed = true;
      await Promise.all([...lives.keys()].map(stop));
    },
  };
}

/** Running servers: started on demand, paused after repeated failures, compared with their pinned tools. */
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PatchbayError } from "../../runtime/error.ts";
import type { McpLimits } from "../contract/mcp-server.ts";
import type { Guard } from "../net/guarded-fetch.ts";
import type { Secrets } from "../secrets/service.ts";
import type { Files } from "../stores/files.ts";
import type { Records } from "../stores/records.ts";
import type { McpSettings } from "./config.ts";
import type { Launch } from "./connect.ts";
import type { McpConnection } from "./connection.ts";
import { SignInNeeded } from "./connection-error.ts";
import { endOrphanGroups } from "./process-group.ts";
import { folderOf, launchHash, type ServerRecord, type ServerState } from "./server-record.ts";
import { listChanges } from "./tool-list.ts";

/** On a busy machine a large server needs more than ten seconds. */
const START_MS = 30_000;
/** For a command that may download the server before it starts it. */
const DOWNLOAD_START_MS = 120_000;
const CALL_MS = 60_000;
const CALL_TOTAL_MS = 600_000;
const DOWNLOADS = /^(?:npx|bunx|uvx|pipx|pnpm|pnpx|yarn|uv|deno|docker|podman)(?:\.cmd|\.exe)?$/;
const RESTART_WAITS_MS = [0, 250, 1_000];
/** After this many failures within a minute, the server is not started for the rest of the minute. */
const BREAKER = { failures: 3, withinMs: 60_000 };
const REFRESH_EVERY_MS = 1_000;

/** The state of a server in this process. */
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
  /** Contains the servers' own folders and the notes on running processes. */
  dataDir: string;
  now(): number;
  /** Replace the default limits; in tests. */
  startMs?: number;
  callMs?: number;
  callTotalMs?: number;
}

export interface ServerBook {
  /** Rejects with `not_found`. */
  read(name: string): Promise<ServerRecord>;
  write(name: string, change: (record: ServerRecord) => ServerRecord): Promise<ServerRecord>;
}

/** The limits in effect for a server. */
export function limitsOf({ command, limits }: McpSettings, deps: Partial<McpLimits>): McpLimits {
  const downloads = command !== undefined && DOWNLOADS.test(basename(command));
  const callMs = limits?.callMs ?? deps.callMs ?? CALL_MS;
  return {
    startMs: limits?.startMs ?? deps.startMs ?? (downloads ? DOWNLOAD_START_MS : START_MS),
    callMs,
    callTotalMs: limits?.callTotalMs ?? deps.callTotalMs ?? Math.max(CALL_TOTAL_MS, callMs),
  };
}

export interface Running {
  /** The live connection, started if there is none. Rejects as `McpConnection.open` does, or with `mcp_failed`. */
  connect(name: string): Promise<McpConnection>;
  state(name: string): ServerState;
  /** Clears the failures: the next call starts the server immediately. */
  forgive(name: string): void;
  /** Call when a tool call failed because a sign-in is required. */
  needSignIn(name: string): void;
  stop(name: string): Promise<void>;
  close(): Promise<void>;
}

/** Ends the servers that an earlier process left running, and starts none. */
export function createRunning(deps: McpDeps, book: ServerBook): Running {
  const { secrets } = deps;
  const ledger = join(deps.dataDir, "mcp", ".groups");
  endOrphanGroups(ledger);
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
    const values = async (map: Record<string, string | { secret: string }> = {}) => {
      const result: Record<string, string> = {};
      for (const [key, value] of Object.entries(map))
        result[key] = typeof value === "string" ? value : await secrets.get(value.secret);
      return result;
    };
    const limits = limitsOf(settings, deps);
    const launch: Launch = {
      name: settings.name,
      ...limits,
      era,
      redact: (text) => secrets.redact(text),
    };
    if (settings.url)
      launch.http = {
        url: settings.url,
        headers: await values(settings.headers),
        auth: await (await import("./oauth.ts")).connectionAuth(settings, deps),
        fetch: deps.guard.allowing([settings.url], { silenceMs: limits.callMs }),
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

  /** The live connection, started if there is none. One start at a time, with a delay after recent failures. */
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
        `The MCP server "${name}" failed ${live.failures.length} times within a minute; it is not started again for ${seconds} seconds. ${live.message ?? ""}`.trim(),
      );
    }
    const wait = RESTART_WAITS_MS[live.failures.length] ?? 0;
    if (wait) await sleep(wait);
    try {
      // With the SDK, which a server without MCP servers does not load.
      const { McpConnection } = await import("./connection.ts");
      const connection = await McpConnection.open(await launchOf(record), {
        onEnd: (ended, crashed) => {
          if (live.connection === ended) live.connection = undefined;
          if (!crashed) return;
          live.failures.push(deps.now());
          live.message = "It ended unexpectedly; the next call starts it again.";
        },
        onListChanged: () => scheduleRefresh(name, live),
      });
      live.connection = connection;
      live.message = undefined;
      live.signIn = false;
      if (closed || (await book.read(name)).approved !== record.approved) {
        await connection.close();
        throw new PatchbayError("unavailable", `The MCP server "${name}" was changed or stopped while it started.`);
      }
      await comparePin(name, connection);
      return connection;
    } catch (thrown) {
      live.signIn = thrown instanceof SignInNeeded;
      live.message = thrown instanceof Error ? thrown.message : String(thrown);
      if (!live.signIn) live.failures.push(deps.now());
      throw thrown;
    }
  }

  /** Pins the tools at the first connection, and compares them with the pin at later ones. */
  async function comparePin(name: string, connection: McpConnection): Promise<void> {
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
      await comparePin(name, connection);
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

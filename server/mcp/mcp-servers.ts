/** The MCP servers that the admin entered: approved before they start, pinned by what they offer, started when called. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { FetchLike } from "@modelcontextprotocol/client";
import { PatchbayError } from "../../runtime/error.ts";
import type { Guard } from "../net/guarded-fetch.ts";
import type { Files, McpServerCard, McpServers, Records, Secrets } from "../services.ts";
import { createMirror, everyRecord } from "../stores/mirror.ts";
import { cutText } from "../tools/clean-text.ts";
import { type McpSettings, type ParsedServer, parseServer, parseServers } from "./config.ts";
import { type Launch, McpConnection, type ServerInfo, SessionLost, SignInNeeded } from "./connection.ts";
import { asFetchLike } from "./http-fetch.ts";
import { beginSignIn, connectionAuth, endSignIn, forgetSignIn, serverOfState } from "./oauth.ts";
import { reapLeftGroups } from "./process-group.ts";
import { toolResult } from "./result.ts";
import { listChanges, type PinnedTool, type RejectedTool, sha256, toSpec } from "./tool-list.ts";

const KIND = "mcp-server";
const RESTART_WAITS_MS = [0, 250, 1_000];
/** So many failures within a minute, and the server is left alone until the minute is over. */
const BREAKER = { failures: 3, withinMs: 60_000 };
const REFRESH_EVERY_MS = 1_000;

interface Pin {
  serverInfo: ServerInfo;
  tools: PinnedTool[];
  rejected: RejectedTool[];
}

interface ServerRecord {
  settings: McpSettings;
  /** `seenHash` of the settings that the admin approved. */
  approved?: string;
  pin?: Pin;
  /** What it offers now, where that is not what was pinned. */
  review?: Pin & { changes: string[] };
  era?: "legacy" | "modern";
}

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

export interface McpWorld {
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

/** Ends what an earlier process left running, and starts nothing. */
export function createMcpServers(world: McpWorld): McpServers {
  const { records, secrets } = world;
  const ledger = join(world.dataDir, "mcp", ".groups");
  reapLeftGroups(ledger);
  const lives = new Map<string, Live>();
  let closed = false;
  const mirror = createMirror(records, "mcp-servers", world.now, async () => {
    return new Map((await everyRecord<ServerRecord>(records, KIND)).map(({ id, body }) => [id, body]));
  });

  const liveOf = (name: string): Live => {
    const known = lives.get(name);
    if (known) return known;
    const live: Live = { failures: [] };
    lives.set(name, live);
    return live;
  };

  async function recordOf(name: string): Promise<ServerRecord> {
    const record = (await mirror.current()).get(name);
    if (!record) throw new PatchbayError("not_found", `There is no MCP server "${name}".`);
    return record;
  }

  async function write(name: string, change: (record: ServerRecord) => ServerRecord): Promise<ServerRecord> {
    const stored = await records.get<ServerRecord>(KIND, name);
    if (!stored) throw new PatchbayError("not_found", `There is no MCP server "${name}".`);
    const body = change(stored.body);
    await records.put(KIND, name, body, { revision: stored.revision });
    await mirror.changed();
    return body;
  }

  function card(record: ServerRecord): McpServerCard {
    const { settings } = record;
    const live = liveOf(settings.name);
    const seen = seenHash(settings, world.dataDir);
    const result: McpServerCard = {
      name: settings.name,
      transport: settings.url ? "http" : "stdio",
      seen,
      status: "stopped",
      tools: record.pin?.tools.length ?? 0,
    };
    if (settings.url) {
      result.url = settings.url;
      result.headerNames = Object.keys(settings.headers ?? {});
    } else {
      result.argv = [settings.command!, ...(settings.args ?? [])];
      result.envNames = Object.keys(settings.env ?? {});
      result.cwd = folderOf(settings, world.dataDir);
    }
    if (record.pin?.rejected.length) result.rejected = record.pin.rejected;
    if (record.approved !== seen) result.status = "needs-approval";
    else if (record.review) {
      result.status = "needs-review";
      result.message = `It offers something else than what was approved: ${cutText(record.review.changes.join(", "), 1000)}.`;
    } else if (live.signIn) result.status = "needs-sign-in";
    else if (live.connection?.alive) result.status = "ready";
    else if (live.starting) result.status = "starting";
    else if (live.message) result.status = "failed";
    if (live.message && result.message === undefined && result.status !== "ready") result.message = live.message;
    return result;
  }

  async function launchOf({ settings, era }: ServerRecord): Promise<Launch> {
    const values = async (map: Record<string, { secret: string }> = {}) => {
      const result: Record<string, string> = {};
      for (const [key, { secret }] of Object.entries(map)) result[key] = await secrets.get(secret);
      return result;
    };
    const launch: Launch = {
      name: settings.name,
      startMs: world.startMs ?? 10_000,
      callMs: world.callMs ?? 60_000,
      era,
      redact: (text) => secrets.redact(text),
    };
    if (settings.url)
      launch.http = {
        url: settings.url,
        headers: await values(settings.headers),
        auth: await connectionAuth(settings, world),
        fetch: world.guard.allowing([settings.url]),
      };
    else
      launch.stdio = {
        command: settings.command!,
        args: settings.args ?? [],
        env: await values(settings.env),
        cwd: folderOf(settings, world.dataDir),
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
    const record = await recordOf(name);
    if (record.approved !== seenHash(record.settings, world.dataDir))
      throw new PatchbayError(
        "mcp_failed",
        `The MCP server "${name}" has not been approved. The admin can approve it under MCP servers.`,
      );
    live.failures = live.failures.filter((at) => world.now() - at < BREAKER.withinMs);
    if (live.failures.length >= BREAKER.failures) {
      const seconds = Math.ceil((BREAKER.withinMs - (world.now() - live.failures[0]!)) / 1000);
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
            live.failures.push(world.now());
            live.message = "It ended unexpectedly; it is started again at the next call.";
          }
        },
        onListChanged: () => scheduleRefresh(name, live),
      });
      live.connection = connection;
      live.message = undefined;
      live.signIn = false;
      if (closed || (await mirror.current()).get(name)?.approved !== record.approved) {
        await connection.close();
        throw new PatchbayError("unavailable", `The MCP server "${name}" was changed or stopped meanwhile.`);
      }
      await settlePin(name, connection);
      return connection;
    } catch (thrown) {
      live.signIn = thrown instanceof SignInNeeded;
      live.message = thrown instanceof Error ? thrown.message : String(thrown);
      if (!live.signIn) live.failures.push(world.now());
      throw thrown;
    }
  }

  /** Pins what is offered for the first time; holds it against the pin ever after. */
  async function settlePin(name: string, connection: McpConnection): Promise<void> {
    const { serverInfo, tools, rejected, era } = connection;
    const record = await recordOf(name);
    if (!record.pin) {
      await write(name, (now) => ({ ...now, pin: { serverInfo, tools, rejected }, era }));
      return;
    }
    const changes = listChanges(record.pin.tools, tools);
    const was = record.pin.serverInfo;
    if (was.name !== serverInfo.name || was.version !== serverInfo.version)
      changes.unshift(`${was.name} ${was.version} is now ${serverInfo.name} ${serverInfo.version}`);
    if (!changes.length) {
      if (record.review || record.era !== era) await write(name, ({ review: _, ...now }) => ({ ...now, era }));
      return;
    }
    await write(name, (now) => ({ ...now, era, review: { serverInfo, tools, rejected, changes } }));
  }

  /** A flood of "the list changed" is one reading a second. */
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

  const signInFetch = (settings: McpSettings) =>
    asFetchLike(world.guard.allowing([settings.url!]), () => undefined) as FetchLike;

  async function stop(name: string): Promise<void> {
    const live = liveOf(name);
    const starting = await live.starting?.catch(() => undefined);
    await (live.connection ?? starting)?.close();
    lives.delete(name);
  }

  async function keepSecrets(parsed: ParsedServer): Promise<void> {
    for (const [name, value] of parsed.secrets) await secrets.set(name, value);
  }

  return {
    cards: async () => [...(await mirror.current()).values()].map(card),

    add: async (body) => {
      const parsed = parseServers(body);
      const known = await mirror.current();
      const taken = parsed.find((each) => known.has(each.settings.name));
      if (taken)
        throw new PatchbayError(
          "conflict",
          `There is already an MCP server "${taken.settings.name}". Delete or change that one, or choose another name.`,
        );
      for (const each of parsed) {
        await keepSecrets(each);
        await records.put<ServerRecord>(KIND, each.settings.name, { settings: each.settings }, { revision: 0 });
      }
      await mirror.changed();
      return Promise.all(parsed.map(async (each) => card(await recordOf(each.settings.name))));
    },

    change: async (name, change) => {
      if (change === null || typeof change !== "object" || Array.isArray(change))
        throw new PatchbayError("bad_request", "Send the settings to change.");
      const { settings } = await recordOf(name);
      const given = change as Record<string, unknown>;
      const { name: _, ...before } = settings;
      // a server that moves from a command to an address (or back) keeps nothing of the other kind
      const base =
        "url" in given && !("command" in given)
          ? { effects: before.effects, headers: before.headers }
          : "command" in given
            ? { effects: before.effects, env: before.env }
            : before;
      const parsed = parseServer(name, withoutNulls({ ...base, ...given }));
      await stop(name);
      await keepSecrets(parsed);
      return card(await write(name, (record) => ({ ...record, settings: { ...parsed.settings, name } })));
    },

    approve: async (name, seen) => {
      const record = await recordOf(name);
      const now = seenHash(record.settings, world.dataDir);
      if (seen !== undefined && seen !== now)
        throw new PatchbayError(
          "conflict",
          `The settings of "${name}" changed after they were shown. Look at them again before you approve.`,
        );
      const live = liveOf(name);
      live.failures = [];
      if (record.approved === now && record.review) {
        const { changes: _, ...pin } = record.review;
        await write(name, ({ review: __, ...rest }) => ({ ...rest, pin }));
      } else if (record.approved !== now) {
        await stop(name);
        await write(name, ({ review: _, pin: __, ...rest }) => ({ ...rest, approved: now }));
      }
      // a start that fails is no failed approval: the card says what happened
      await connect(name).catch(() => undefined);
      return card(await recordOf(name));
    },

    signIn: async (name, origin) => {
      const { settings, approved } = await recordOf(name);
      if (!settings.url)
        throw new PatchbayError("bad_request", `"${name}" is a command; only servers with an address have a sign-in.`);
      if (approved !== seenHash(settings, world.dataDir))
        throw new PatchbayError("mcp_failed", `Approve the MCP server "${name}" before you sign in.`);
      return { url: await beginSignIn(settings, origin, signInFetch(settings), world) };
    },

    finishSignIn: async (params) => {
      const name = serverOfState(params);
      const record = name === undefined ? undefined : (await mirror.current()).get(name);
      if (name === undefined || !record?.settings.url)
        throw new PatchbayError("forbidden", "This sign-in was not begun here. Begin it again.");
      await endSignIn(record.settings, params, signInFetch(record.settings), world);
      await stop(name);
      await connect(name).catch(() => undefined); // the card says what happened
      return card(await recordOf(name));
    },

    tools: async (name) => {
      const { settings, pin } = await recordOf(name);
      return (pin?.tools ?? []).map((tool) => specFor(settings, tool));
    },

    call: async (name, tool, args, { idempotencyKey }, signal) => {
      for (let attempt = 0; ; attempt++) {
        signal.throwIfAborted();
        const connection = await abortable(connect(name), signal);
        const record = await recordOf(name);
        if (record.review)
          throw new PatchbayError(
            "mcp_failed",
            `The MCP server "${name}" changed since it was approved (${cutText(record.review.changes.join(", "), 300)}). The admin must review it first.`,
          );
        if (!record.pin?.tools.some((each) => each.name === tool))
          throw new PatchbayError(
            "tool_not_allowed",
            `The MCP server "${name}" has no tool "${tool}". It has: ${cutText(record.pin?.tools.map((each) => each.name).join(", ") ?? "none", 1000)}.`,
          );
        try {
          return await toolResult(await connection.call(tool, args, idempotencyKey, signal), tool, world.files);
        } catch (thrown) {
          if (thrown instanceof SignInNeeded) liveOf(name).signIn = true;
          if (!(thrown instanceof SessionLost) || attempt > 0) throw thrown;
          await connection.close(); // the server did nothing: once more with a new session
        }
      }
    },

    delete: async (name) => {
      const record = (await mirror.current()).get(name);
      if (!record) return false;
      await stop(name);
      await forgetSignIn(name, secrets);
      const removed = await records.delete(KIND, name);
      await mirror.changed();
      const { env, headers, oauth } = record.settings;
      const named = [
        ...Object.values(env ?? {}),
        ...Object.values(headers ?? {}),
        ...(oauth?.clientSecret ? [oauth.clientSecret] : []),
      ];
      for (const { secret } of named) if (secret.startsWith(`mcp.${name}.`)) await secrets.delete(secret);
      return removed;
    },

    close: async () => {
      closed = true;
      await Promise.all([...lives.keys()].map(stop));
    },
  };
}

/** Hash of what is shown for approval and nothing else: argv, env names and folder, or URL and header names. */
function seenHash(settings: McpSettings, dataDir: string): string {
  return settings.url
    ? sha256({ url: settings.url, headers: Object.keys(settings.headers ?? {}).sort() })
    : sha256({
        argv: [settings.command, ...(settings.args ?? [])],
        env: Object.keys(settings.env ?? {}).sort(),
        cwd: folderOf(settings, dataDir),
      });
}

function folderOf(settings: McpSettings, dataDir: string): string {
  return settings.cwd ?? join(dataDir, "mcp", settings.name);
}

/** One spec object a tool as long as pin and settings stand, so that what is compiled for it is compiled once. */
const specs = new WeakMap<PinnedTool, { settings: McpSettings; spec: ReturnType<typeof toSpec> }>();
function specFor(settings: McpSettings, tool: PinnedTool): ReturnType<typeof toSpec> {
  const known = specs.get(tool);
  if (known?.settings === settings) return known.spec;
  const spec = toSpec(settings.name, tool, settings.effects);
  specs.set(tool, { settings, spec });
  return spec;
}

/** `null` takes a setting away. */
function withoutNulls(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== null && item !== undefined));
}

/** Waits no longer than the signal lets; what was waited for goes on. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

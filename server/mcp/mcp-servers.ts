/** The MCP servers of the admin: approved before they start, pinned by the tools they offer, started when called. */
import type { FetchLike } from "@modelcontextprotocol/client";
import { PatchbayError } from "../../runtime/error.ts";
import type { McpServerCard } from "../contract/mcp-server.ts";
import { notFound } from "../lib/not-found.ts";
import { createMirror, everyRecord } from "../stores/mirror.ts";
import { cutText } from "../tools/clean-text.ts";
import { type McpSettings, type ParsedServer, parseServer, parseServers } from "./config.ts";
import { SessionLost, SignInNeeded } from "./connection-error.ts";
import { asFetchLike } from "./http-fetch.ts";
import { toolResult } from "./result.ts";
import { createRunning, limitsOf, type McpDeps } from "./running.ts";
import {
  cardOf,
  launchHash,
  mcpTool,
  type ServerRecord,
  secretsOf,
  seenHash,
  unknownVariables,
} from "./server-record.ts";
import type { McpServers } from "./service.ts";

const KIND = "mcp-server";

/** Ends the servers that an earlier process left running, and starts none. */
export function createMcpServers(deps: McpDeps): McpServers {
  const { records, secrets } = deps;
  const mirror = createMirror(records, "mcp-servers", deps.now, async () => {
    return new Map((await everyRecord<ServerRecord>(records, KIND)).map(({ id, body }) => [id, body]));
  });

  async function recordOf(name: string): Promise<ServerRecord> {
    const record = (await mirror.current()).get(name);
    if (!record) throw notFound("MCP server", name);
    return record;
  }

  async function write(name: string, change: (record: ServerRecord) => ServerRecord): Promise<ServerRecord> {
    const stored = await records.get<ServerRecord>(KIND, name);
    if (!stored) throw notFound("MCP server", name);
    const body = change(stored.body);
    await records.put(KIND, name, body, { revision: stored.revision });
    await mirror.changed();
    return body;
  }

  const running = createRunning(deps, { read: recordOf, write });
  const cards = async (list: Iterable<ServerRecord>): Promise<McpServerCard[]> => {
    const names = new Set((await secrets.names()).map((secret) => secret.name));
    return [...list].map((record) => {
      const { settings } = record;
      const context = { dataDir: deps.dataDir, limits: limitsOf(settings, deps), secrets: names };
      return cardOf(record, running.state(settings.name), context);
    });
  };
  const card = async (record: ServerRecord): Promise<McpServerCard> => (await cards([record]))[0]!;
  const signInFetch = (settings: McpSettings) =>
    asFetchLike(deps.guard.allowing([settings.url!]), () => undefined) as FetchLike;

  async function storeSecrets(parsed: ParsedServer): Promise<void> {
    for (const [name, value] of parsed.secrets) await secrets.set(name, value);
  }

  return {
    cards: async () => cards((await mirror.current()).values()),

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
        await storeSecrets(each);
        await records.put<ServerRecord>(KIND, each.settings.name, { settings: each.settings }, { revision: 0 });
      }
      await mirror.changed();
      return cards(await Promise.all(parsed.map((each) => recordOf(each.settings.name))));
    },

    change: async (name, change) => {
      if (change === null || typeof change !== "object" || Array.isArray(change))
        throw new PatchbayError("bad_request", "Send the settings to change.");
      const { acceptHints, ...given } = change as Record<string, unknown>;
      if (acceptHints !== undefined && typeof acceptHints !== "boolean")
        throw new PatchbayError("bad_request", '"acceptHints" must be true or false.', { path: "/acceptHints" });
      const { settings, approved } = await recordOf(name);
      const { name: _, acceptHints: before, ...rest } = settings;
      const parsed = parseServer(name, withoutNulls({ ...settingsKept(rest, given), ...given }));
      const next: McpSettings = { ...parsed.settings, name };
      // Hints were accepted for what was approved; another command or address has others.
      const stays = launchHash(next, deps.dataDir) === launchHash(settings, deps.dataDir);
      if (acceptHints ?? (stays && before)) next.acceptHints = true;
      if (next.acceptHints && approved !== launchHash(next, deps.dataDir))
        throw new PatchbayError("bad_request", `Approve the MCP server "${name}" before you accept its hints.`);
      // Accepted hints change no setting of the process.
      if (Object.keys(given).length > 0) await running.stop(name);
      // The sign-in belongs to the old address.
      if (parsed.settings.url !== settings.url) await (await import("./oauth.ts")).forgetSignIn(name, secrets);
      await storeSecrets(parsed);
      const changed = await write(name, (record) => ({ ...record, settings: next }));
      const kept = ownSecrets(changed.settings);
      for (const secret of ownSecrets(settings)) if (!kept.has(secret)) await secrets.delete(secret);
      return card(changed);
    },

    approve: async (name, seen, confirmEnv = []) => {
      const record = await recordOf(name);
      const launch = launchHash(record.settings, deps.dataDir);
      if (seen !== undefined && seen !== seenHash(record, deps.dataDir))
        throw new PatchbayError(
          "conflict",
          `"${name}" changed after it was shown. Look at it again before you approve.`,
        );
      if (record.approved !== launch) {
        const unconfirmed = unknownVariables(record.settings).filter((variable) => !confirmEnv.includes(variable));
        if (unconfirmed.length)
          throw new PatchbayError(
            "bad_request",
            `A variable may change which code the command runs. Check ${unconfirmed.join(", ")}, then approve with "confirmEnv": ${JSON.stringify(unconfirmed)}.`,
            { path: "/confirmEnv" },
          );
      }
      running.forgive(name);
      if (record.approved === launch && record.review) {
        const { changes: _, ...pin } = record.review;
        await write(name, ({ review: __, ...rest }) => ({ ...rest, pin }));
      } else if (record.approved !== launch) {
        await running.stop(name);
        await write(name, ({ review: _, pin: __, settings, ...rest }) => {
          const { acceptHints: ___, ...approvedSettings } = settings;
          return { ...rest, settings: approvedSettings, approved: launch };
        });
      }
      // A failed start is not a failed approval: the card reports it.
      await running.connect(name).catch(() => undefined);
      return card(await recordOf(name));
    },

    signIn: async (name, origin) => {
      const { settings, approved } = await recordOf(name);
      if (!settings.url)
        throw new PatchbayError("bad_request", `"${name}" is a command; only servers with an address have a sign-in.`);
      if (approved !== launchHash(settings, deps.dataDir))
        throw new PatchbayError("mcp_failed", `Approve the MCP server "${name}" before you sign in.`);
      const { startSignIn } = await import("./oauth.ts");
      return { url: await startSignIn(settings, origin, signInFetch(settings), deps) };
    },

    finishSignIn: async (params) => {
      const { completeSignIn, serverOfState } = await import("./oauth.ts");
      const name = serverOfState(params);
      const record = name === undefined ? undefined : (await mirror.current()).get(name);
      if (name === undefined || !record?.settings.url)
        throw new PatchbayError("forbidden", "This sign-in was not started here. Start it again.");
      await completeSignIn(record.settings, params, signInFetch(record.settings), deps);
      await running.stop(name);
      await running.connect(name).catch(() => undefined); // the card reports a failure
      return card(await recordOf(name));
    },

    tools: async (name) => {
      const { settings, pin } = await recordOf(name);
      return (pin?.tools ?? []).map((tool) => mcpTool(settings, tool));
    },

    call: async (name, tool, args, options, signal) => {
      for (let attempt = 0; ; attempt++) {
        signal.throwIfAborted();
        const connection = await abortable(running.connect(name), signal);
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
          const result = await connection.call(tool, args, options, signal);
          return await toolResult(result, { tool, files: deps.files, outputSchema: connection.outputSchema(tool) });
        } catch (thrown) {
          if (thrown instanceof SignInNeeded) running.needSignIn(name);
          if (!(thrown instanceof SessionLost) || attempt > 0) throw thrown;
          await connection.close(); // the server did nothing: try once more in a new session
        }
      }
    },

    delete: async (name) => {
      const record = (await mirror.current()).get(name);
      if (!record) return false;
      await running.stop(name);
      await (await import("./oauth.ts")).forgetSignIn(name, secrets);
      const removed = await records.delete(KIND, name);
      await mirror.changed();
      for (const secret of ownSecrets(record.settings)) await secrets.delete(secret);
      return removed;
    },

    close: () => running.close(),
  };
}

/** Names of the secrets that were created for this server and are deleted with it; others that it refers to stay. */
function ownSecrets(settings: McpSettings): Set<string> {
  return new Set(secretsOf(settings).filter((secret) => secret.startsWith(`mcp.${settings.name}.`)));
}

/**
 * The settings that stay when they are not given. A server that moves between command and URL, or to another origin, does
 * not keep the credentials of the old one.
 */
function settingsKept(before: Omit<McpSettings, "name">, given: Record<string, unknown>): Partial<McpSettings> {
  const { effects, env, headers, oauth, limits, cwd } = before;
  if ("command" in given) return { effects, limits, env, cwd };
  if (!("url" in given)) return before;
  return before.url && originOf(given.url) === originOf(before.url)
    ? { effects, limits, headers, oauth }
    : { effects, limits };
}

function originOf(url: unknown): string {
  return typeof url === "string" && URL.canParse(url) ? new URL(url).origin : "";
}

/** `null` removes a setting. */
function withoutNulls(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== null && item !== undefined));
}

/** Stops waiting on abort; the promise itself continues. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

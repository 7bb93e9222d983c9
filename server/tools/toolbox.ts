/** The tool library: lists tools, finds them by name or search, and calls them through their bindings. */
import { PatchbayError } from "../../runtime/error.ts";
import type { ToolResult, ToolSpec } from "../../runtime/tool.ts";
import type { McpTool } from "../contract/mcp-server.ts";
import type { ToolCard, ToolImportReport } from "../contract/tool.ts";
import type { Knowledge } from "../knowledge/service.ts";
import { notFound } from "../lib/not-found.ts";
import type { Models } from "../models/service.ts";
import type { Net } from "../net/safe-fetch.ts";
import type { Secrets } from "../secrets/service.ts";
import type { Files } from "../stores/files.ts";
import type { Records } from "../stores/records.ts";
import { checkArguments } from "./arguments.ts";
import type { BindingDeps } from "./bindings/binding.ts";
import { callCode } from "./bindings/code.ts";
import { callHttp } from "./bindings/http.ts";
import { callModel, type ModelToolDeps } from "./bindings/model.ts";
import { callOpenApi } from "./bindings/openapi.ts";
import type { BuiltinContext } from "./builtin/builtin.ts";
import { builtinTools } from "./builtin/index.ts";
import { parseCustomTool, toCustomTool } from "./custom-tool.ts";
import { importTools } from "./import-tools.ts";
import { progressLines, type ToolProgress } from "./progress.ts";
import { failedResult, finishResult } from "./result.ts";
import { createToolSearch } from "./search.ts";
import { checkSecretOrigins } from "./secret-origins.ts";
import type { Toolbox } from "./service.ts";
import { type StoredTool, secretsOf } from "./stored-tool.ts";
import { createToolRecords, type ToolSetting } from "./tool-records.ts";

/** Agents as tools. The run that calls one executes it. */
export interface AgentTools {
  cards(): Promise<ToolCard[]>;
  /** For a call outside a run (the library's test form). */
  call?(slug: string, args: unknown, options: { idempotencyKey: string }, signal: AbortSignal): Promise<ToolResult>;
}

/** The tools of MCP servers; see `McpServers`. */
export interface McpTools {
  cards(): Promise<{ name: string; status: string }[]>;
  tools(server: string, signal: AbortSignal): Promise<McpTool[]>;
  call(
    server: string,
    tool: string,
    args: Record<string, unknown>,
    options: { idempotencyKey: string; onProgress?(progress: ToolProgress): void },
    signal: AbortSignal,
  ): Promise<ToolResult>;
}

export interface ToolboxDeps {
  records: Records;
  secrets: Secrets;
  files: Files;
  net: Pick<Net, "download" | "safeFetch">;
  models: Pick<Models, "resolve" | "chat" | "embed" | "embedder">;
  knowledge?: Pick<Knowledge, "search">;
  mcp: McpTools;
  evaluate: BindingDeps["evaluate"];
  agents?: AgentTools;
  now(): number;
}

const builtins = new Map(builtinTools.map((tool) => [tool.spec.name, tool]));

/** Keeps the stored tools in memory and follows changes by other processes. */
export function createToolbox(deps: ToolboxDeps): Toolbox {
  const library = createToolRecords(deps.records, deps.now);
  const search = createToolSearch(deps);
  const bindings: BindingDeps = deps;
  const asks: ModelToolDeps["models"] = {
    resolve: (name) => deps.models.resolve(name),
    chat: (...question) => deps.models.chat(...question),
  };

  const withSetting = <T extends ToolSpec>(spec: T, setting: ToolSetting | undefined): T =>
    setting ? { ...spec, ...setting } : spec;

  async function cards(): Promise<ToolCard[]> {
    const { tools, settings } = await library.all();
    const secretNames = new Set((await deps.secrets.names()).map((each) => each.name));
    const all: ToolCard[] = builtinTools.map((tool) => ({ ...tool.spec, binding: "builtin" }));
    for (const tool of tools.values()) all.push(storedCard(tool, settings.get(tool.name), secretNames));
    for (const server of await deps.mcp.cards()) {
      const needs =
        server.status === "needs-approval" || server.status === "needs-review" || server.status === "needs-sign-in";
      for (const { notes, ...spec } of await deps.mcp.tools(server.name, new AbortController().signal)) {
        const card: ToolCard = { ...withSetting(spec, settings.get(spec.name)), binding: "mcp", source: server.name };
        if (needs) card.needs = [`MCP server ${server.name}: ${server.status}`];
        all.push(card);
      }
    }
    if (deps.agents) all.push(...(await deps.agents.cards()));
    return all;
  }

  /** The tools of a pattern that ends in "/*", or the one of that name. */
  async function find(name: string): Promise<ToolSpec[]> {
    const prefix = name.endsWith("/*") ? name.slice(0, -1) : undefined;
    const [kind, second] = name.split("/");
    const fits = (spec: ToolSpec) => (prefix ? spec.name.startsWith(prefix) : spec.name === name);
    if (kind === "builtin") return builtinTools.map((tool) => tool.spec).filter(fits);
    const { tools, settings } = await library.all();
    if (kind === "mcp") {
      if (!second || second === "*") throw unknown(name, 'Name the server, as in "mcp/files/*".');
      const card = (await deps.mcp.cards()).find((server) => server.name === second);
      if (!card) throw unknown(name, `There is no MCP server "${second}".`);
      if (card.status === "needs-approval" || card.status === "needs-review")
        throw unknown(
          name,
          `The MCP server "${second}" waits for the admin's ${card.status === "needs-review" ? "review" : "approval"}.`,
        );
      const found = (await deps.mcp.tools(second, new AbortController().signal)).filter(fits);
      return found.map((spec) => withSetting(specOf(spec), settings.get(spec.name)));
    }
    if (kind === "agent") return ((await deps.agents?.cards()) ?? []).filter(fits).map(specOf);
    if (!prefix) {
      const tool = tools.get(name);
      return tool ? [withSetting(specOf(tool), settings.get(name))] : [];
    }
    return [...tools.values()].filter(fits).map((tool) => withSetting(specOf(tool), settings.get(tool.name)));
  }

  async function dispatch(
    name: string,
    args: Record<string, unknown>,
    spec: ToolSpec,
    { idempotencyKey, chat, onProgress }: Parameters<Toolbox["call"]>[1],
    signal: AbortSignal,
  ): Promise<ToolResult> {
    const builtin = builtins.get(name);
    if (builtin) return builtin.call(args, builtinContext(signal));
    checkArguments(spec, args);
    const [kind, second] = name.split("/");
    if (kind === "mcp")
      return deps.mcp.call(
        second!,
        name.slice(`mcp/${second}/`.length),
        args,
        { idempotencyKey, ...(onProgress && { onProgress: progressLines(onProgress, deps) }) },
        signal,
      );
    if (kind === "agent") {
      if (deps.agents?.call) return deps.agents.call(second!, args, { idempotencyKey }, signal);
      throw new PatchbayError("tool_failed", `"${name}" is an agent; it can be called from an agent only.`);
    }
    const tool = (await library.all()).tools.get(name)!;
    const call = { tool, args, idempotencyKey };
    switch (tool.binding.kind) {
      case "http":
        return callHttp(tool.binding, call, bindings, signal);
      case "openapi":
        return callOpenApi(tool.binding, call, bindings, signal);
      case "code":
        return callCode(tool.binding, call, bindings, signal);
      case "model":
        return callModel(tool.binding, call, { models: chat ? { ...asks, chat } : asks }, signal);
    }
  }

  const builtinContext = (signal: AbortSignal): BuiltinContext => ({
    now: deps.now,
    fetch: deps.net.safeFetch,
    signal,
    searchTools: async (query, limit, stop) => {
      const all = await cards();
      const offered = all.map((card) => ({ ...specOf(card), approve: "auto" as const }));
      const byName = new Map(all.map((card) => [card.name, card]));
      return (await search(query, offered, limit, stop)).map((hit) => byName.get(hit.tool.name)!);
    },
    searchKnowledge: async (name, query, limit, stop) => {
      if (!deps.knowledge) throw new PatchbayError("knowledge_missing", "This server keeps no knowledge.");
      return deps.knowledge.search(name, query, { limit, mode: "auto" }, stop);
    },
  });

  /** A template does not overwrite a tool of the same name: the user may have changed it. */
  async function besideOwn(tools: StoredTool[]): Promise<{ kept: StoredTool[]; changed: ToolImportReport["report"] }> {
    const own = (await library.all()).tools;
    const differs = (tool: StoredTool) =>
      own.has(tool.name) && JSON.stringify(own.get(tool.name)) !== JSON.stringify(tool);
    return {
      kept: tools.filter((tool) => !own.has(tool.name)),
      changed: tools.filter(differs).map((tool) => ({
        operation: tool.name,
        result: "left-out",
        reason:
          "there is already a tool of that name, and it is not the same: it was kept. Delete it first to take the template's.",
      })),
    };
  }

  async function cardOf(name: string): Promise<ToolCard> {
    const found = (await cards()).find((card) => card.name === name);
    if (!found) throw notFound("tool", name);
    return found;
  }

  return {
    cards,
    specs: async (names) => {
      const found = new Map<string, ToolSpec>();
      for (const name of names) {
        const specs = await find(name);
        if (!specs.length)
          throw unknown(name, name.endsWith("/*") ? "No tool has a name that matches." : "There is no such tool.");
        for (const spec of specs) if (!found.has(spec.name)) found.set(spec.name, spec);
      }
      return [...found.values()];
    },
    search,
    call: async ({ tool: name, arguments: args }, options, signal) => {
      signal.throwIfAborted();
      let spec: ToolSpec | undefined;
      try {
        spec = (await find(name))[0];
        if (!spec || spec.name !== name) throw unknown(name, "There is no such tool.");
        return await finishResult(await dispatch(name, asObject(args), spec, options, signal), deps);
      } catch (thrown) {
        signal.throwIfAborted();
        // a lost call that only reads is harmless: the model reads the error and may try again
        if (thrown instanceof PatchbayError && thrown.code === "connection_lost" && spec?.effect !== "read")
          throw thrown;
        if (thrown instanceof PatchbayError) return finishResult(failedResult(thrown), deps);
        throw thrown;
      }
    },
    bindingNeeds: async () =>
      [...(await library.all()).tools.values()].map(({ name, binding }) => ({
        name,
        secrets: secretsOf(binding, { all: true }),
        ...(binding.kind === "model" && { model: binding.model }),
      })),
    custom: async (name) => {
      const tool = (await library.all()).tools.get(name);
      if (!tool) throw new PatchbayError("not_found", `There is no tool "${name}" made by hand.`);
      return toCustomTool(tool);
    },
    save: async (input, { create } = {}) => {
      const tool = parseCustomTool(input);
      await library.put([tool], { create });
      return cardOf(tool.name);
    },
    configure: async (name, change) => {
      if (builtins.has(name)) throw new PatchbayError("bad_request", `"${name}" is built in; its effect is known.`);
      await cardOf(name);
      await library.configure(name, change);
      return cardOf(name);
    },
    delete: (name) => library.remove(name),
    import: async (source) => {
      const { tools, report, api } = await importTools(source);
      const setSecrets = new Set((await deps.secrets.names()).map((each) => each.name));
      checkSecretOrigins(tools, (await library.all()).tools.values(), setSecrets, source.server);
      const { kept, changed } = api === undefined ? await besideOwn(tools) : { kept: tools, changed: [] };
      await library.put(kept, { replaces: api === undefined ? undefined : `openapi/${api}/*` });
      const names = new Set(tools.map((tool) => tool.name));
      return { tools: (await cards()).filter((card) => names.has(card.name)), report: [...report, ...changed] };
    },
  };
}

function storedCard(tool: StoredTool, setting: ToolSetting | undefined, secrets: ReadonlySet<string>): ToolCard {
  const card: ToolCard = { ...specOf(tool), ...setting, binding: tool.binding.kind };
  if (tool.source !== undefined) card.source = tool.source;
  const missing = secretsOf(tool.binding).filter((name) => !secrets.has(name));
  if (missing.length) card.needs = missing.map((name) => `secret ${name}`);
  return card;
}

/** The spec without the binding, for runs and models. */
function specOf({ name, summary, parameters, effect, repeatable }: ToolSpec): ToolSpec {
  return repeatable === undefined
    ? { name, summary, parameters, effect }
    : { name, summary, parameters, effect, repeatable };
}

function unknown(name: string, why: string): PatchbayError {
  return new PatchbayError("tool_not_allowed", `The tool "${name}" cannot be used. ${why}`);
}

function asObject(args: unknown): Record<string, unknown> {
  if (args === undefined || args === null) return {};
  if (typeof args !== "object" || Array.isArray(args))
    throw new PatchbayError("bad_arguments", "The arguments must be an object.");
  return args as Record<string, unknown>;
}

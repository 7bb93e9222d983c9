/**
 * Creates an agent from a template. It creates the knowledge with its samples and imports the tools; `needs` lists what
 * only a person can provide, and later calls pass it. Every call can be repeated: nothing is created twice.
 */
import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, isAbsolute, join, relative } from "node:path";
import { PatchbayError } from "../../runtime/error.ts";
import type { Graph } from "../../runtime/graph.ts";
import type { NodeTable } from "../../runtime/node.ts";
import type { Agents } from "../agents/service.ts";
import type { Agent } from "../contract/agent.ts";
import type { McpServerCard } from "../contract/mcp-server.ts";
import type { TemplateNeed, UsedTemplate } from "../contract/template.ts";
import type { Knowledge } from "../knowledge/service.ts";
import type { McpServers } from "../mcp/service.ts";
import type { Env } from "../process/env.ts";
import type { Secrets } from "../secrets/service.ts";
import type { Tasks } from "../tasks/service.ts";
import type { Toolbox } from "../tools/service.ts";
import { graphIn, type Language, type McpServerNeed, readSample, readToolTemplate, type Template } from "./template.ts";

/** How long to wait until the samples are indexed, so that the first question finds them. */
const INDEX_TIMEOUT_MS = 10_000;

export interface Choices {
  /** Id of the agent that an earlier call created. */
  agent?: string;
  language?: Language;
  /** An absolute path on the server's machine: the only folder that the template's MCP servers may access. */
  folder?: string;
  /** By MCP server: the `seen` of the card that the admin approved. */
  approve?: Record<string, string>;
}

export type Used = Omit<UsedTemplate, "id">;

interface Parts {
  env: Env;
  nodes: NodeTable;
  agents: Agents;
  knowledge: Knowledge;
  tasks: Tasks;
  mcp: McpServers;
  toolbox: Toolbox;
  secrets: Secrets;
}

/** Rejects with `bad_request` (folder), `not_found` (agent), `conflict` (an MCP server changed since it was approved). */
export async function useTemplate(template: Template, choices: Choices, parts: Parts): Promise<Used> {
  const folder = choices.folder === undefined ? undefined : checkedFolder(choices.folder, parts.env.dataDir);
  const old = choices.agent === undefined ? undefined : await parts.agents.get(choices.agent);
  let graph = old?.graph ?? graphIn(template, choices.language, parts.nodes);
  const needs: TemplateNeed[] = [];
  const tasks: string[] = [];

  await placeTools(template.needs.tools, parts);
  if (!old)
    for (const { name } of template.needs.knowledge) {
      const placed = await placeKnowledge(name, template, parts);
      graph = renamed(graph, name, placed.name, parts.nodes);
      tasks.push(...placed.tasks);
    }
  for (const need of template.needs.mcpServers) {
    const placed = await placeServer(need, graph, folder, parts);
    if (!placed) {
      needs.push({ kind: "folder", server: need.name, optional: false });
      continue;
    }
    graph = renamed(graph, `mcp/${need.name}/`, `mcp/${placed.name}/`, parts.nodes);
    const seen = choices.approve?.[placed.name];
    const card = seen === undefined ? placed : await parts.mcp.approve(placed.name, seen);
    if (card.status === "needs-approval" || card.status === "needs-review" || card.status === "failed")
      needs.push({ kind: "approval", server: card.name, card, optional: false });
  }
  const secrets = new Set((await parts.secrets.names()).map(({ name }) => name));
  for (const name of template.needs.secrets)
    if (!secrets.has(name)) needs.push({ kind: "secret", name, optional: true });
  const agent = old ? await changed(old, graph, parts) : await parts.agents.create(graph);
  if (agent.issues.some(({ code }) => code === "demo-model" || code === "missing-model"))
    needs.push({ kind: "model", optional: true });
  return { agent, needs, tasks };
}

/** Checks the graph again even when it did not change, because a server may have been approved since. */
async function changed(old: Agent, graph: Graph, { agents }: Parts): Promise<Agent> {
  if (JSON.stringify(graph) !== JSON.stringify(old.graph)) return await agents.update(old.id, graph, old.revision);
  return { ...old, issues: await agents.check(graph) };
}

/** Imports the tools that the library does not have. Existing ones stay unchanged. */
async function placeTools(names: string[], { toolbox }: Parts): Promise<void> {
  if (names.length === 0) return;
  const there = new Set((await toolbox.cards()).map((card) => card.name));
  for (const name of names) {
    const tool = (await readToolTemplate(name)) as { name?: string; tools?: { name: string }[] };
    const wanted = tool.tools ?? [tool as { name: string }];
    if (wanted.some((one) => !there.has(one.name))) await toolbox.import({ template: tool });
  }
}

/* ---- knowledge ---- */

/** Returns the knowledge with the template's samples: an existing one that has them, else a new one under a free name. */
async function placeKnowledge(wanted: string, template: Template, { knowledge, tasks }: Parts) {
  const samples = await Promise.all(
    template.samples.filter((sample) => sample.knowledge === wanted).map((sample) => readSample(sample.file)),
  );
  const names = new Set((await knowledge.cards()).map((card) => card.name));
  let name = wanted;
  for (let n = 2; names.has(name); n++) {
    const titles = new Set((await knowledge.documents(name, { limit: 500 })).map((document) => document.title));
    if (samples.every((sample) => titles.has(sample.title))) return { name, tasks: [] };
    name = `${wanted}-${n}`;
  }
  await knowledge.create({ name });
  const started: string[] = [];
  for (const sample of samples) started.push((await knowledge.add(name, sample)).task);
  const waiting = await Promise.all(started.map(async (task) => ((await finished(task, tasks)) ? [] : [task])));
  return { name, tasks: waiting.flat() };
}

/** Resolves when the task has ended, or with false when that takes too long. */
async function finished(id: string, tasks: Tasks): Promise<boolean> {
  return await new Promise((resolve) => {
    const end = (done: boolean) => {
      clearTimeout(timer);
      stop();
      resolve(done);
    };
    const check = (status: string | undefined) => {
      if (status !== "queued" && status !== "running") end(true);
    };
    const timer = setTimeout(() => end(false), INDEX_TIMEOUT_MS);
    const stop = tasks.watch(id, (task) => check(task.status));
    tasks.get(id).then(
      (task) => check(task?.status),
      () => end(false),
    );
  });
}

/* ---- MCP servers ---- */

/**
 * Returns the template's MCP server: an existing one with the same command, else a new one under a free name.
 * `undefined` while its folder is not chosen.
 */
async function placeServer(
  need: McpServerNeed,
  graph: Graph,
  folder: string | undefined,
  { mcp }: Parts,
): Promise<McpServerCard | undefined> {
  const cards = new Map((await mcp.cards()).map((card) => [card.name, card]));
  const wantsFolder = need.args.some((arg) => arg.includes("{{folder}}"));
  if (wantsFolder && folder === undefined) {
    const text = JSON.stringify(graph.nodes);
    return [...cards.values()].find((card) => text.includes(`"mcp/${card.name}/`) && isOf(card, need));
  }
  const { command, args } = commandOf(need, folder ?? "");
  let name = need.name;
  for (let n = 2; cards.has(name); n++) {
    const card = cards.get(name)!;
    if (JSON.stringify(card.argv) === JSON.stringify([command, ...args])) return card;
    name = `${need.name}-${n}`;
  }
  const [card] = await mcp.add({ name, command, args, effects: need.effects });
  return card;
}

function isOf(card: McpServerCard, need: McpServerNeed): boolean {
  return card.argv?.some((arg) => arg.replaceAll("\\", "/").includes(need.package)) ?? false;
}

/** Prefers the installed package: nothing is downloaded, and the approved command is a file on disk. */
function commandOf(need: McpServerNeed, folder: string): { command: string; args: string[] } {
  const args = need.args.map((arg) => arg.replaceAll("{{folder}}", folder));
  const script = installedCommand(need.package);
  if (script) return { command: process.execPath, args: [script, ...args] };
  return { command: "npx", args: ["-y", `${need.package}@${need.version}`, ...args] };
}

function installedCommand(name: string): string | undefined {
  for (const folder of createRequire(import.meta.url).resolve.paths(name) ?? []) {
    const file = join(folder, name, "package.json");
    if (!existsSync(file)) continue;
    const { bin } = JSON.parse(readFileSync(file, "utf8")) as { bin?: string | Record<string, string> };
    const script = typeof bin === "string" ? bin : Object.values(bin ?? {})[0];
    if (script) return join(dirname(file), script);
  }
  return undefined;
}

/** The folder's real path. The data folder holds keys and conversations, so it and its parents are refused. */
function checkedFolder(folder: string, dataDir: string): string {
  const refuse = (why: string) =>
    new PatchbayError("bad_request", `The folder "${folder}" ${why}.`, { path: "/folder" });
  if (!isAbsolute(folder)) throw refuse("must be an absolute path on the machine that runs Patchbay");
  let real: string;
  try {
    real = realpathSync(folder);
  } catch {
    throw refuse("does not exist; create it, or choose another");
  }
  if (!statSync(real).isDirectory()) throw refuse("is a file; choose the folder that contains it");
  const data = existsSync(dataDir) ? realpathSync(dataDir) : dataDir;
  if (inside(data, real) || inside(real, data))
    throw refuse("holds Patchbay's own data (keys, conversations) or lies in it; choose another");
  return real;
}

function inside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === "" || (!way.startsWith("..") && !isAbsolute(way));
}

/** Replaces `from` by `to` in every config text that is, or begins with, `from`. */
function renamed(graph: Graph, from: string, to: string, table: NodeTable): Graph {
  if (from === to) return graph;
  const change = (value: unknown): unknown => {
    if (typeof value === "string") {
      if (value === from) return to;
      return from.endsWith("/") && value.startsWith(from) ? to + value.slice(from.length) : value;
    }
    if (Array.isArray(value)) return value.map(change);
    if (typeof value === "object" && value !== null)
      return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, change(member)]));
    return value;
  };
  return {
    ...graph,
    nodes: graph.nodes.map((node) =>
      table.get(node.type)?.role === "annotation" ? node : { ...node, config: change(node.config) },
    ),
  };
}

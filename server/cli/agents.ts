/** `patchbay check`, `import`, `export` and `publish`. */
import { existsSync, writeFileSync } from "node:fs";
import { checkGraph } from "../../runtime/check.ts";
import { PatchbayError } from "../../runtime/error.ts";
import { type Graph, serializeGraph } from "../../runtime/graph.ts";
import type { Issue } from "../../runtime/issue.ts";
import type { Agent } from "../contract/agent.ts";
import { loadNodeTypes } from "../node-types/load.ts";
import { parseEnv } from "../process/env.ts";
import { type AgentFile, graphOf, issueLines, readAgentFile } from "./agent-file.ts";
import type { Client } from "./client.ts";
import type { Io } from "./io.ts";

/**
 * The same check as in the editor and `POST /api/check`. Without a client, only the graph is checked, not whether
 * models, tools and knowledge exist. Returns exit code 1 for an error, or with `strict` for any issue.
 */
export async function check(
  client: Client | undefined,
  paths: string[],
  options: { json?: boolean; strict?: boolean },
  io: Io,
): Promise<number> {
  const report: { file: string; issues: Issue[] }[] = [];
  for (const path of paths) {
    const file = readAgentFile(path);
    const issues = file.graph ? await findIssues(client, file.graph) : file.issues;
    report.push({ file: file.name, issues });
    if (!options.json) writeIssues(file, issues, io);
  }
  if (options.json) io.out(`${JSON.stringify(report, null, 2)}\n`);
  const failed = report.some(({ issues }) => issues.some((issue) => options.strict || issue.severity === "error"));
  return failed ? 1 : 0;
}

async function findIssues(client: Client | undefined, graph: Graph): Promise<Issue[]> {
  if (!client) return checkGraph(graph, (await loadNodeTypes(parseEnv(process.env).nodesDir)).table);
  return (await client.call<{ issues: Issue[] }>("POST", "/api/check", { graph })).issues;
}

function writeIssues(file: AgentFile, issues: Issue[], io: Io): void {
  for (const line of issueLines(file, issues)) io.out(`${line}\n`);
  const count = (severity: Issue["severity"]) => {
    const found = issues.filter((issue) => issue.severity === severity).length;
    return `${found} ${severity}${found === 1 ? "" : "s"}`;
  };
  io.err(`${file.name}: ${issues.length === 0 ? "no issues" : `${count("error")}, ${count("warning")}`}\n`);
}

/** Saves a file as a new agent, or as the next revision of `replace`, and writes its id. Issues are only reported. */
export async function importFile(client: Client, path: string, options: { replace?: string }, io: Io): Promise<number> {
  const file = readAgentFile(path);
  const saved = await save(client, graphOf(file), options.replace);
  for (const line of issueLines(file, saved.issues)) io.err(`${line}\n`);
  io.out(`${saved.id}\n`);
  return 0;
}

/** Writes an agent to standard output, or to the file `output`. `which`: an id, a slug, or a unique name. */
export async function exportAgent(
  client: Client,
  which: string,
  options: { output?: string },
  io: Io,
): Promise<number> {
  const { graph } = await find(client, which);
  const text = serializeGraph(graph);
  if (options.output === undefined) io.out(text);
  else writeFileSync(options.output, text);
  return 0;
}

/**
 * Publishes a file or a saved agent, and writes slug and version. A file replaces the draft of the agent with the same
 * slug, or becomes a new agent.
 */
export async function publish(
  client: Client,
  which: string,
  options: { slug?: string; note?: string; access?: string },
  io: Io,
): Promise<number> {
  let id: string;
  if (which === "-" || existsSync(which)) {
    const file = readAgentFile(which);
    const graph = graphOf(file);
    const existing = options.slug === undefined ? undefined : await bySlug(client, options.slug);
    const saved = await save(client, graph, existing?.id);
    for (const line of issueLines(file, saved.issues)) io.err(`${line}\n`);
    id = saved.id;
  } else id = (await find(client, which)).id;
  const { slug, version, urls } = await client.call<{ slug: string; version: number; urls: Record<string, string> }>(
    "POST",
    `/api/agents/${encodeURIComponent(id)}/publish`,
    options,
  );
  io.out(`${slug}@${version}\n`);
  // Without a running server the URLs do not work yet.
  if (client.origin) for (const [name, url] of Object.entries(urls)) io.err(`${name}: ${url}\n`);
  else io.err("Start the server to make it available: npm start.\n");
  return 0;
}

async function save(client: Client, graph: Graph, id: string | undefined): Promise<Agent> {
  if (id === undefined) return await client.call("POST", "/api/agents", { graph });
  const old = await find(client, id);
  return await client.call(
    "PUT",
    `/api/agents/${encodeURIComponent(old.id)}`,
    { graph },
    { "if-match": `"${old.revision}"` },
  );
}

async function find(client: Client, which: string): Promise<Agent> {
  const found: Agent[] = [];
  for await (const agent of all(client)) {
    if (agent.id === which || agent.slug === which) return agent;
    if (agent.graph.name === which) found.push(agent);
  }
  if (found.length === 1) return found[0]!;
  if (found.length > 1)
    throw new PatchbayError(
      "bad_request",
      `${found.length} agents have the name "${which}". Use an id: ${found.map((agent) => agent.id).join(", ")}.`,
    );
  throw new PatchbayError("not_found", `No agent has the id, slug or name "${which}".`);
}

async function bySlug(client: Client, slug: string): Promise<Agent | undefined> {
  for await (const agent of all(client)) if (agent.slug === slug) return agent;
  return undefined;
}

async function* all(client: Client): AsyncGenerator<Agent> {
  let after = "";
  while (true) {
    const { agents } = await client.call<{ agents: Agent[] }>("GET", `/api/agents?limit=100${after}`);
    yield* agents;
    if (agents.length < 100) return;
    after = `&after=${encodeURIComponent(agents.at(-1)!.id)}`;
  }
}

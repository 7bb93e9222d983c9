/** `patchbay check`, `import`, `export`, `publish` and `live`. */
import { existsSync, writeFileSync } from "node:fs";
import { PatchbayError } from "../../runtime/error.ts";
import { canonicalJson, type Graph, serializeGraph } from "../../runtime/graph.ts";
import type { Issue } from "../../runtime/issue.ts";
import type { Agent, AgentVersion, Publication, Published } from "../contract/agent.ts";
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
  if (!client) {
    const [{ checkGraph }, { loadNodeTypes }] = await Promise.all([
      import("../../runtime/check.ts"),
      import("../node-types/load.ts"),
    ]);
    return checkGraph(graph, (await loadNodeTypes(parseEnv(process.env).nodesDir)).table);
  }
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
  const graph = graphOf(file);
  const saved = await save(
    client,
    graph,
    options.replace === undefined ? undefined : await find(client, options.replace),
  );
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

export interface PublishOptions {
  slug?: string;
  note?: string;
  access?: string;
  /** Replaces a draft that has unpublished changes. */
  force?: boolean;
  live?: boolean;
  share?: number;
  json?: boolean;
}

/**
 * Publishes a file or a saved agent, and writes slug and version. A file replaces the draft of the agent with the same
 * slug, or becomes a new agent. Rejects with `graph_has_issues` before anything is saved, and with `conflict` when the
 * draft has changes that were never published.
 */
export async function publish(client: Client, which: string, options: PublishOptions, io: Io): Promise<number> {
  const { force = false, json = false, ...body } = options;
  const isFile = which === "-" || existsSync(which);
  const { id, isNew } = isFile
    ? await saveForPublishing(client, which, options.slug, force, io)
    : { id: (await find(client, which)).id, isNew: false };
  let published: Published;
  try {
    published = await client.call<Published>("POST", `/api/agents/${encodeURIComponent(id)}/publish`, body);
  } catch (error) {
    // A repeated command must not leave an agent each time.
    if (isNew) await client.send("DELETE", `/api/agents/${encodeURIComponent(id)}`);
    throw error;
  }
  const { slug, version, live, share } = published;
  // A link with its key opens the chat page to everyone who reads the log of a pipeline.
  const urls = Object.entries(published.urls).map(
    ([name, url]) => [name, io.stderr.isTTY ? url : url.split("?")[0]!] as const,
  );
  if (json)
    io.out(`${JSON.stringify({ slug, version, live, ...(share && { share }), urls: Object.fromEntries(urls) })}\n`);
  else io.out(`${slug}@${version}\n`);
  if (share?.version === version) io.err(`Version ${version} gets ${share.share * 100} % of the calls.\n`);
  else if (live !== version)
    io.err(`Version ${live} stays live. Make version ${version} live with: patchbay live ${slug} ${version}\n`);
  // Without a running server the URLs do not work yet.
  if (client.origin) for (const [name, url] of urls) io.err(`${name}: ${url}\n`);
  else io.err("Start the server to make it available: npm start.\n");
  return 0;
}

/** Makes a version live, or gives it a share of the calls, and writes what is live. */
export async function setLive(
  client: Client,
  which: string,
  version: number,
  options: { share?: number },
  io: Io,
): Promise<number> {
  const { id } = await find(client, which);
  const path = `/api/agents/${encodeURIComponent(id)}/live`;
  const { slug, live, share } = await client.call<Publication>("POST", path, { version, ...options });
  io.out(`${slug}@${live}\n`);
  if (share) io.err(`Version ${share.version} gets ${share.share * 100} % of the calls.\n`);
  return 0;
}

/** Saves a file as the draft of the agent with this slug, or as a new agent. */
async function saveForPublishing(client: Client, path: string, slug: string | undefined, force: boolean, io: Io) {
  const file = readAgentFile(path);
  const graph = graphOf(file);
  const issues = await findIssues(client, graph);
  for (const line of issueLines(file, issues)) io.err(`${line}\n`);
  const errors = issues.filter((issue) => issue.severity === "error");
  if (errors.length > 0)
    throw new PatchbayError(
      "graph_has_issues",
      `${file.name} cannot be published: ${errors.length} error${errors.length === 1 ? "" : "s"}. Nothing was saved.`,
    );
  const existing = slug === undefined ? undefined : await bySlug(client, slug);
  if (existing && !force) await assertPublished(client, existing, graph);
  const { id } = await save(client, graph, existing);
  return { id, isNew: existing === undefined };
}

/** Rejects with `conflict` when the draft is neither published nor equal to the file. */
async function assertPublished(client: Client, draft: Agent, file: Graph): Promise<void> {
  const at = `/api/agents/${encodeURIComponent(draft.id)}`;
  const { versions } = await client.call<{ publication?: Publication; versions: AgentVersion[] }>(
    "GET",
    `${at}/versions`,
  );
  const latest = versions[0];
  if (!latest || latest.revision === draft.revision || isSame(draft.graph, file)) return;
  // The published revision is gone when it is older than the history.
  const response = await client.send("GET", `${at}/revisions/${latest.revision}`);
  if (response.ok && isSame(((await response.json()) as Agent).graph, draft.graph)) return;
  throw new PatchbayError(
    "conflict",
    `The draft of "${draft.slug}" has changes that are not published (revision ${draft.revision}; version ${latest.version} is revision ${latest.revision}). Export it with "patchbay export ${draft.slug}" and merge it into the file, or replace it with --force.`,
  );
}

/** Whether two graphs differ in positions only. */
function isSame(a: Graph, b: Graph): boolean {
  const { layout: _a, ...one } = a;
  const { layout: _b, ...other } = b;
  return canonicalJson(one) === canonicalJson(other);
}

async function save(client: Client, graph: Graph, old: Agent | undefined): Promise<Agent> {
  if (old === undefined) return await client.call("POST", "/api/agents", { graph });
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

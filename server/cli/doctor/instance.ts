/** Checks of the opened instance: models, knowledge, MCP servers, runs. */
import type { KnowledgeCard, KnowledgeDocument } from "../../contract/knowledge.ts";
import type { McpServerCard } from "../../contract/mcp-server.ts";
import type { ModelCard, Provider } from "../../contract/model.ts";
import type { Readiness } from "../../contract/readiness.ts";
import type { RunRow } from "../../contract/run.ts";
import type { Client } from "../client.ts";
import { bad, type Finding, ok, warn } from "./machine.ts";

const REACH_MS = 5_000;

/** Checks that a process executes runs, and that the database responds. */
export async function processes(client: Client): Promise<Finding[]> {
  const response = await client.send("GET", "/readyz");
  const { reason, processes: counts } = (await response.json()) as Readiness;
  if (!response.ok) return [bad("processes", reason ?? `The server is not ready (status ${response.status}).`)];
  const { web = 0, worker = 0, all = 0 } = counts;
  if (web + worker + all === 0) return [];
  return worker + all === 0
    ? [bad("processes", `No process executes runs: calls wait until a process of role worker starts.`)]
    : [ok("processes", `Processes: ${web} web, ${worker} worker, ${all} for both.`)];
}

/** Checks the default model, and whether each provider responds. Calls no model and sends no key. */
export async function models(client: Client): Promise<Finding[]> {
  const { models: cards, providers } = await client.call<{ models: ModelCard[]; providers: Provider[] }>(
    "GET",
    "/api/models",
  );
  const reached = providers.flatMap(({ id, kind, baseUrl }) =>
    baseUrl === undefined || kind === "demo" || kind === "local" ? [] : [checkProvider(id, baseUrl)],
  );
  const standard = cards.find((card) => card.isDefault);
  return [
    standard && !standard.demo
      ? ok("models", `The default model is ${standard.name}.`)
      : warn(
          "models",
          "No model is configured, so agents use the demo model. Add a provider under Models, or set OPENAI_BASE_URL and OPENAI_API_KEY.",
        ),
    ...(await Promise.all(reached)),
  ];
}

async function checkProvider(id: string, baseUrl: string): Promise<Finding> {
  try {
    const response = await fetch(`${baseUrl}/models`, { signal: AbortSignal.timeout(REACH_MS), redirect: "manual" });
    await response.body?.cancel();
    return response.status >= 500
      ? bad("models", `The provider "${id}" returned status ${response.status} at ${baseUrl}. Check its log.`)
      : ok("models", `The provider "${id}" responds at ${baseUrl}.`);
  } catch (error) {
    const { cause, name, message } = error as Error & { cause?: { code?: string } };
    const reason = name === "TimeoutError" ? `no response in ${REACH_MS / 1000} s` : (cause?.code ?? message);
    return bad(
      "models",
      `The provider "${id}" does not respond at ${baseUrl} (${reason}). Start it, or correct its URL under Models.`,
    );
  }
}

/** Checks that each index opens, and that no document failed. */
export async function knowledge(client: Client): Promise<Finding[]> {
  const { knowledge: cards } = await client.call<{ knowledge: KnowledgeCard[] }>("GET", "/api/knowledge");
  const findings: Finding[] = [];
  for (const { name, documents } of cards) {
    const at = `/api/knowledge/${encodeURIComponent(name)}`;
    const page = await client.call<{ documents: KnowledgeDocument[] }>("GET", `${at}/documents?limit=500`);
    const failed = page.documents.filter((document) => document.status === "failed");
    const open = page.documents.filter(({ status }) => status === "queued" || status === "indexing");
    const searched = await client.send("GET", `${at}/search?q=a&limit=1&mode=text`);
    if (!searched.ok)
      findings.push(
        bad(
          "knowledge",
          `Knowledge "${name}": the index cannot be opened (status ${searched.status}). Rebuild it with: patchbay knowledge reindex "${name}"`,
        ),
      );
    else if (failed.length > 0)
      findings.push(
        bad(
          "knowledge",
          `Knowledge "${name}": ${failed.length} documents could not be indexed. First: ${failed[0]!.title}: ${failed[0]!.error}`,
        ),
      );
    else
      findings.push(
        ok(
          "knowledge",
          `Knowledge "${name}": ${documents} documents${open.length > 0 ? `, ${open.length} being indexed` : ""}.`,
        ),
      );
    await searched.body?.cancel();
  }
  return findings;
}

export async function mcpServers(client: Client): Promise<Finding[]> {
  const { servers } = await client.call<{ servers: McpServerCard[] }>("GET", "/api/mcp-servers");
  return servers.map(({ name, status, message, tools }) => {
    if (status === "failed") return bad("mcp", `MCP server "${name}" failed: ${message ?? "unknown reason"}.`);
    if (status === "needs-approval" || status === "needs-review" || status === "needs-sign-in")
      return warn(
        "mcp",
        `MCP server "${name}" ${status === "needs-sign-in" ? "needs a sign-in" : "needs your approval"}. See MCP servers in the editor.`,
      );
    return ok("mcp", `MCP server "${name}": ${tools} tools.`);
  });
}

/** Checks for uncertain tool calls, and for a clock that was set back. */
export async function runs(client: Client): Promise<Finding[]> {
  const latest = await client.call<{ runs: RunRow[] }>("GET", "/api/runs?limit=1");
  const uncertain = await client.call<{ runs: RunRow[] }>("GET", "/api/runs?status=uncertain&limit=50");
  const ahead = (latest.runs[0]?.startedAt ?? 0) - Date.now();
  return [
    ...(ahead > 60_000
      ? [
          warn(
            "clock",
            `The last run started ${Math.round(ahead / 60_000)} minutes in the future. Check the system clock.`,
          ),
        ]
      : []),
    ...(uncertain.runs.length > 0
      ? [
          warn(
            "runs",
            `${uncertain.runs.length} runs need a decision about a tool call with an unknown outcome. See the Inbox.`,
          ),
        ]
      : []),
  ];
}

/** What is set up in an instance, and whether it answers. */
import type { KnowledgeCard, KnowledgeDocument } from "../../contract/knowledge.ts";
import type { McpServerCard } from "../../contract/mcp-server.ts";
import type { ModelCard, Provider } from "../../contract/model.ts";
import type { RunRow } from "../../contract/run.ts";
import type { Client } from "../client.ts";
import { bad, type Finding, ok, warn } from "./machine.ts";

const REACH_MS = 5_000;

/** Whether each provider's address answers; no model is asked and no key sent. */
export async function models(client: Client): Promise<Finding[]> {
  const { models: cards, providers } = await client.call<{ models: ModelCard[]; providers: Provider[] }>(
    "GET",
    "/api/models",
  );
  const reached = providers.flatMap(({ id, kind, baseUrl }) =>
    baseUrl === undefined || kind === "demo" || kind === "local" ? [] : [answers(id, baseUrl)],
  );
  const standard = cards.find((card) => card.isDefault);
  return [
    standard && !standard.demo
      ? ok("models", `The default model is ${standard.name}.`)
      : warn(
          "models",
          "No model is set: the demo answers. Add one under Models, or set OPENAI_BASE_URL and OPENAI_API_KEY.",
        ),
    ...(await Promise.all(reached)),
  ];
}

async function answers(id: string, baseUrl: string): Promise<Finding> {
  try {
    const answer = await fetch(`${baseUrl}/models`, { signal: AbortSignal.timeout(REACH_MS), redirect: "manual" });
    await answer.body?.cancel();
    return answer.status >= 500
      ? bad("models", `The provider "${id}" answers ${answer.status} at ${baseUrl}: look at its own log.`)
      : ok("models", `The provider "${id}" answers at ${baseUrl}.`);
  } catch (error) {
    const { cause, name, message } = error as Error & { cause?: { code?: string } };
    const why = name === "TimeoutError" ? `nothing in ${REACH_MS / 1000} s` : (cause?.code ?? message);
    return bad(
      "models",
      `The provider "${id}" does not answer at ${baseUrl} (${why}): start it, or correct its address under Models.`,
    );
  }
}

/** Whether each index can be opened, and each document be read. */
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
          `Knowledge "${name}": its index cannot be opened (${searched.status}); patchbay knowledge reindex "${name}" makes it anew.`,
        ),
      );
    else if (failed.length > 0)
      findings.push(
        bad(
          "knowledge",
          `Knowledge "${name}": ${failed.length} documents could not be read. ${failed[0]!.title}: ${failed[0]!.error}`,
        ),
      );
    else
      findings.push(
        ok(
          "knowledge",
          `Knowledge "${name}": ${documents} documents${open.length > 0 ? `, ${open.length} on their way` : ""}.`,
        ),
      );
    await searched.body?.cancel();
  }
  return findings;
}

export async function mcpServers(client: Client): Promise<Finding[]> {
  const { servers } = await client.call<{ servers: McpServerCard[] }>("GET", "/api/mcp-servers");
  return servers.map(({ name, status, message: why, tools }) => {
    if (status === "failed") return bad("mcp", `MCP server "${name}" failed: ${why ?? "no reason given"}.`);
    if (status === "needs-approval" || status === "needs-review" || status === "needs-sign-in")
      return warn(
        "mcp",
        `MCP server "${name}" ${status === "needs-sign-in" ? "needs a sign-in" : "waits for your approval"}.`,
      );
    return ok("mcp", `MCP server "${name}": ${tools} tools.`);
  });
}

/** Runs that a person must say something about, and a clock that was set back. */
export async function runs(client: Client): Promise<Finding[]> {
  const latest = await client.call<{ runs: RunRow[] }>("GET", "/api/runs?limit=1");
  const uncertain = await client.call<{ runs: RunRow[] }>("GET", "/api/runs?status=uncertain&limit=50");
  const ahead = (latest.runs[0]?.startedAt ?? 0) - Date.now();
  return [
    ...(ahead > 60_000
      ? [warn("clock", `The last run began ${Math.round(ahead / 60_000)} minutes from now: the clock was set back.`)]
      : []),
    ...(uncertain.runs.length > 0
      ? [
          warn(
            "runs",
            `${uncertain.runs.length} runs wait for a person to decide about a tool call whose outcome is unknown: see the Inbox.`,
          ),
        ]
      : []),
  ];
}

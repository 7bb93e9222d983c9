/** `patchbay doctor`: looks at everything that an installation needs, and says how to mend what is wrong. */
import { accessSync, constants, existsSync, statfsSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Env, parseEnv } from "../env.ts";
import type { KnowledgeCard, KnowledgeDocument, McpServerCard, ModelCard } from "../services.ts";
import { type Client, openClient } from "./client.ts";
import type { Io } from "./io.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const LOW_DISK = 1024 ** 3;

interface Finding {
  state: "good" | "note" | "bad";
  text: string;
}
const good = (text: string): Finding => ({ state: "good", text });
const note = (text: string): Finding => ({ state: "note", text });
const bad = (text: string): Finding => ({ state: "bad", text });

/** Exit code 1 where something is bad; a note is no fault. */
export async function doctor(vars: Record<string, string | undefined>, io: Io): Promise<number> {
  let worst = 0;
  const tell = (finding: Finding) => {
    if (finding.state === "bad") worst = 1;
    io.out(`${{ good: "✓", note: "·", bad: "✗" }[finding.state]} ${finding.text}\n`);
  };
  tell(good(`Node ${process.versions.node}`));
  let env: Env;
  try {
    env = parseEnv(vars);
    tell(good("The environment is well-formed."));
  } catch (error) {
    tell(bad(message(error)));
    return 1;
  }
  tell(folder(env.dataDir));
  tell(disk(env.dataDir));
  tell(
    existsSync(join(ROOT, "dist", "editor", "index.html"))
      ? good("The editor is built.")
      : note("The editor is not built yet: npm start does it once."),
  );
  if (worst === 1) return worst;
  let client: Client;
  try {
    client = await openClient(env);
  } catch (error) {
    tell(bad(message(error)));
    return 1;
  }
  try {
    if (client.origin) tell(good(`A server runs at ${client.origin}.`));
    else tell(await port(env));
    tell(good("The records, the runs and the secrets can be opened."));
    for (const look of [models, knowledge, mcpServers])
      try {
        for (const finding of await look(client)) tell(finding);
      } catch (error) {
        tell(bad(message(error)));
      }
  } finally {
    await client.close();
  }
  return worst;
}

function folder(path: string): Finding {
  if (!existsSync(path)) return note(`The data folder ${path} is not there yet: the first start makes it.`);
  try {
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return good(`The data folder is ${path}.`);
  } catch {
    return bad(`The data folder ${path} cannot be written: change its owner, or set PATCHBAY_DATA to another.`);
  }
}

function disk(path: string): Finding {
  const there = existsSync(path) ? path : ".";
  const { bavail, bsize } = statfsSync(there);
  const free = bavail * bsize;
  const text = `${(free / 1024 ** 3).toFixed(1)} GiB of disk are free.`;
  return free < LOW_DISK ? bad(`Only ${text} Make room: without it nothing can be stored.`) : good(text);
}

async function port({ host, port: wanted }: Env): Promise<Finding> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) =>
      resolve(
        bad(
          error.code === "EADDRINUSE"
            ? `Port ${wanted} is taken by another program: stop it, or set PORT to another (0 takes any free one).`
            : `${host}:${wanted} cannot be listened on (${error.code}).`,
        ),
      ),
    );
    server.listen(wanted, host, () => server.close(() => resolve(good(`${host}:${wanted} is free.`))));
  });
}

async function models(client: Client): Promise<Finding[]> {
  const { models: cards } = await client.call<{ models: ModelCard[] }>("GET", "/api/models");
  const standard = cards.find((card) => card.isDefault);
  if (!standard || standard.demo)
    return [
      note("No model is set: the demo answers. Add one under Models, or set OPENAI_BASE_URL and OPENAI_API_KEY."),
    ];
  return [good(`The default model is ${standard.name}.`)];
}

async function knowledge(client: Client): Promise<Finding[]> {
  const { knowledge: cards } = await client.call<{ knowledge: KnowledgeCard[] }>("GET", "/api/knowledge");
  const findings: Finding[] = [];
  for (const { name, documents } of cards) {
    const page = await client.call<{ documents: KnowledgeDocument[] }>(
      "GET",
      `/api/knowledge/${encodeURIComponent(name)}/documents?limit=500`,
    );
    const failed = page.documents.filter((document) => document.status === "failed");
    findings.push(
      failed.length === 0
        ? good(`Knowledge "${name}": ${documents} documents.`)
        : bad(
            `Knowledge "${name}": ${failed.length} documents could not be read. ${failed[0]!.title}: ${failed[0]!.error}`,
          ),
    );
  }
  return findings;
}

async function mcpServers(client: Client): Promise<Finding[]> {
  const answer = await client.call<Record<string, McpServerCard[]>>("GET", "/api/mcp-servers");
  return (Object.values(answer).find(Array.isArray) ?? []).map(({ name, status, message: why, tools }) => {
    if (status === "failed") return bad(`MCP server "${name}" failed: ${why ?? "no reason given"}.`);
    if (status === "needs-approval" || status === "needs-review" || status === "needs-sign-in")
      return note(
        `MCP server "${name}" ${status === "needs-sign-in" ? "needs a sign-in" : "waits for your approval"}.`,
      );
    return good(`MCP server "${name}": ${tools} tools.`);
  });
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

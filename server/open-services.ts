/** Builds every service from the environment, in the order they need each other, and takes them down again. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { nodes } from "../nodes/index.ts";
import type { CheckContext } from "../runtime/check.ts";
import { openAgents } from "./agents/agents.ts";
import { type Env, isLoopback } from "./env.ts";
import { NETWORK_LIMITS, OPEN_LIMITS, openKeys } from "./keys/keys.ts";
import { createKnowledge } from "./knowledge/knowledge.ts";
import { createModels } from "./models/models.ts";
import { createNet } from "./net/safe-fetch.ts";
import { pendingMcp, pendingSandbox, pendingToolbox } from "./pending.ts";
import { readOrCreate } from "./secrets/key-file.ts";
import { openSecrets } from "./secrets/secrets.ts";
import type { Services } from "./services.ts";
import { createFiles } from "./stores/files.ts";
import { sqliteRecords } from "./stores/records.ts";
import { createTasks } from "./tasks/tasks.ts";

export interface Opened {
  services: Services;
  /** Goes on with what the last process left: runs, tasks. */
  start(): Promise<void>;
  /** Lets runs come to rest, ends children, closes the stores. */
  stop(): Promise<void>;
}

/** Rejects with one line that says what is missing or cannot be opened; nothing is left open then. */
export async function openServices(env: Env): Promise<Opened> {
  const closers: (() => Promise<void> | void)[] = [];
  const stop = async () => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    const records = sqliteRecords(join(env.dataDir, "records.db"));
    closers.push(() => records.close());
    const masterKey =
      env.secretsKey ?? readOrCreate(join(env.dataDir, "secrets.key"), () => randomBytes(32).toString("hex"));
    const secrets = await openSecrets(records, masterKey);
    const files = await createFiles(env.files ?? join(env.dataDir, "files"), records);
    const tasks = createTasks(records);
    const keys = await openKeys(records, isLoopback(env.host) ? OPEN_LIMITS : NETWORK_LIMITS);
    closers.push(() => keys.close());
    const net = createNet({ allowHosts: env.allowHosts });
    const models = createModels({ records, secrets, files, env });
    closers.push(() => models.close());
    const toolbox = pendingToolbox;
    const knowledge = createKnowledge({
      records,
      files,
      tasks,
      models,
      fetch: net.safeFetch,
      vectors: env.vectors ?? join(env.dataDir, "vectors"),
      report: (message) => console.error(message),
    });
    closers.push(() => knowledge.close());
    closers.push(() => tasks.close());

    const context = () => checkContext({ models, toolbox, knowledge, secrets, agents });
    const agents: Services["agents"] = await openAgents({
      records,
      nodes,
      context,
      tools: (names) => toolbox.specs(names),
    });
    const services = {
      env,
      records,
      secrets,
      files,
      tasks,
      models,
      toolbox,
      mcp: pendingMcp,
      knowledge,
      fetch: net.safeFetch,
      sandbox: pendingSandbox,
      agents,
      keys,
    } as unknown as Services;
    return {
      services,
      start: async () => {
        await tasks.resume();
        await knowledge.recover();
        await files.sweep();
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What this server has, as `checkGraph` asks for it. Reads no network. */
async function checkContext(
  services: Pick<Services, "models" | "toolbox" | "knowledge" | "secrets" | "agents">,
): Promise<CheckContext> {
  const [providers, standard, tools, knowledge, secrets, publications, drafts] = await Promise.all([
    services.models.providers(),
    services.models.resolve("default").catch(() => undefined),
    services.toolbox.cards(),
    services.knowledge.cards(),
    services.secrets.names(),
    services.agents.publications(),
    services.agents.ids(),
  ]);
  const providerIds = new Map(providers.map((provider) => [provider.id, provider]));
  const provider = (name: string) => providerIds.get(name.slice(0, Math.max(0, name.indexOf("/"))));
  const isDefault = (name: string) => name === "default" || name === "";
  const toolSpecs = new Map(tools.map((tool) => [tool.name, tool]));
  const toolPrefixes = new Set(tools.map((tool) => tool.name.slice(0, tool.name.lastIndexOf("/") + 1)));
  const knowledgeNames = new Set(knowledge.map((card) => card.name));
  const secretNames = new Set(secrets.map((secret) => secret.name));
  const live = new Map(publications.flatMap((one) => [[one.slug, one] as const, [one.agent, one] as const]));
  const draftIds = new Set(drafts);
  return {
    hasModel: (name) => (isDefault(name) ? standard !== undefined : provider(name) !== undefined),
    isDemo: (name) => (isDefault(name) ? standard?.demo === true : provider(name)?.kind === "demo"),
    tool: (name) => toolSpecs.get(name),
    hasTool: (name) => (name.endsWith("/*") ? toolPrefixes.has(name.slice(0, -1)) : toolSpecs.has(name)),
    hasKnowledge: (name) => knowledgeNames.has(name),
    hasSecret: (name) => secretNames.has(name),
    hasAgent: (agent, version) => {
      const publication = live.get(agent);
      return version === undefined || version === null
        ? publication !== undefined || draftIds.has(agent)
        : publication !== undefined && version <= publication.latest;
    },
  };
}

/** What this server has, as `checkGraph` asks for it: the same for the canvas, the routes, publishing and running. */
import { agentPorts } from "../../runtime/agent-ports.ts";
import type { CheckContext, NodeTable } from "../../runtime/node.ts";
import { missingSecrets, toolFinder } from "../../runtime/tool.ts";
import type { Knowledge } from "../knowledge/service.ts";
import type { Models } from "../models/service.ts";
import type { Secrets } from "../secrets/service.ts";
import type { Toolbox } from "../tools/service.ts";
import type { Agents } from "./service.ts";

interface ContextDeps {
  nodes: NodeTable;
  models: Models;
  toolbox: Toolbox;
  knowledge: Knowledge;
  secrets: Secrets;
  agents: Agents;
}

/** Asks no model endpoint; what it gives is a picture of this moment. */
export async function checkContext(services: ContextDeps): Promise<CheckContext> {
  const { agents } = services;
  const [providers, standard, tools, knowledge, secrets, publications, drafts] = await Promise.all([
    services.models.providers(),
    services.models.resolve("default").catch(() => undefined),
    services.toolbox.cards(),
    services.knowledge.cards(),
    services.secrets.names(),
    agents.publications(),
    agents.drafts(),
  ]);
  const versions = await Promise.all(publications.map((one) => agents.version(one.slug, one.live)));
  const providerIds = new Map(
    providers.flatMap((one) => [...(one.aliases ?? []), one.id].map((id) => [id, one] as const)),
  );
  const provider = (name: string) => providerIds.get(name.slice(0, Math.max(0, name.indexOf("/"))));
  const isDefault = (name: string) => name === "default" || name === "";
  const toolSpecs = new Map(tools.map((tool) => [tool.name, tool]));
  const knowledgeNames = new Set(knowledge.flatMap(({ name, aliases = [] }) => [name, ...aliases]));
  const secretNames = new Set(secrets.map((secret) => secret.name));
  const published = new Map(publications.flatMap((one) => [[one.slug, one] as const, [one.agent, one] as const]));
  const live = new Map(versions.flatMap((one) => (one ? [[one.slug, one] as const] : [])));
  return {
    hasModel: (name) => (isDefault(name) ? standard !== undefined : provider(name) !== undefined),
    isDemo: (name) => (isDefault(name) ? standard?.demo === true : provider(name)?.kind === "demo"),
    tool: (name) => toolSpecs.get(name),
    tools: toolFinder(toolSpecs),
    missingSecrets: (name) => missingSecrets(toolSpecs.get(name)?.needs),
    hasKnowledge: (name) => knowledgeNames.has(name),
    hasSecret: (name) => secretNames.has(name),
    agent: (name, version) => {
      const publication = published.get(name);
      if (version === undefined) return drafts.get(publication?.agent ?? name);
      const one = publication && live.get(publication.slug);
      return one?.version === version ? agentPorts(one.graph, services.nodes) : undefined;
    },
    hasAgent: (name, version) => {
      const publication = published.get(name);
      if (version === undefined) return publication !== undefined || drafts.has(name);
      return publication !== undefined && version >= 1 && version <= publication.latest;
    },
  };
}

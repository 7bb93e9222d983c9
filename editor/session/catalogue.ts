/** What a graph can refer to: models, tools, knowledge, secrets and agents of the server. For pickers and for `checkGraph`. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { CheckContext } from "../../runtime/node.ts";
import type { Ports } from "../../runtime/port.ts";
import { missingSecrets, type ToolSpec, toolFinder } from "../../runtime/tool.ts";
import type { AgentCard } from "../../server/contract/agent.ts";
import type { KnowledgeCard } from "../../server/contract/knowledge.ts";
import type { ModelCard } from "../../server/contract/model.ts";
import type { ToolCard } from "../../server/contract/tool.ts";

export type ModelEntry = Pick<ModelCard, "name" | "aliases" | "demo" | "isDefault" | "profile">;
export type ToolEntry = Omit<ToolCard, "binding"> & Partial<Pick<ToolCard, "binding">>;
export type KnowledgeEntry = Pick<KnowledgeCard, "name" | "aliases" | "documents">;
export type AgentEntry = Pick<AgentCard, "id" | "name" | "slug" | "latest"> & { ports?: Ports };

export interface Catalogue {
  /** False until all lists are loaded. Until then the check reports nothing as missing. */
  known: boolean;
  models: ModelEntry[];
  tools: ToolEntry[];
  knowledge: KnowledgeEntry[];
  secrets: string[];
  agents: AgentEntry[];
}

export type CatalogueStore = StoreApi<Catalogue>;

export function createCatalogue(): CatalogueStore {
  return createStore<Catalogue>(() => ({
    known: false,
    models: [],
    tools: [],
    knowledge: [],
    secrets: [],
    agents: [],
  }));
}

/** The model that the name `default` refers to. */
export function defaultModel(catalogue: Catalogue): ModelEntry | undefined {
  return (
    catalogue.models.find((model) => model.isDefault) ??
    catalogue.models.find((model) => !model.demo) ??
    catalogue.models[0]
  );
}

export function modelEntry(catalogue: Catalogue, name: string): ModelEntry | undefined {
  if (name === "default") return defaultModel(catalogue);
  const named = (model: ModelEntry) => model.name === name || model.aliases?.includes(name);
  return catalogue.models.find(named);
}

/** `name`: an id or slug. */
export const findAgent = (agents: readonly AgentEntry[], name: string): AgentEntry | undefined =>
  agents.find((agent) => agent.id === name || agent.slug === name);

/** Sets the lists that changed. The others keep their identity, so that nothing that depends on them is computed again. */
export function setCatalogue(store: CatalogueStore, next: Catalogue): void {
  const old = store.getState();
  const changed = (Object.keys(next) as (keyof Catalogue)[]).filter(
    (key) => JSON.stringify(next[key]) !== JSON.stringify(old[key]),
  );
  if (changed.length > 0) store.setState(Object.fromEntries(changed.map((key) => [key, next[key]])));
}

/** The catalogue as the context of `checkGraph` and of ports. The server uses the same facts. */
export function checkContext(catalogue: Catalogue): CheckContext {
  if (!catalogue.known) return {};
  const { models, tools, knowledge, secrets, agents } = catalogue;
  const byName = new Map(tools.map((tool) => [tool.name, tool as ToolSpec]));
  const needs = new Map(tools.map((tool) => [tool.name, tool.needs]));
  return {
    tool: (name) => byName.get(name),
    agent: (name, version) => {
      const ports = findAgent(agents, name)?.ports;
      // `ports` are those of the draft. A version can have others: ports that an edge names are accepted.
      return ports && version !== undefined ? { ...ports, open: true } : ports;
    },
    hasModel: (name) => modelEntry(catalogue, name) !== undefined,
    isDemo: (name) => modelEntry(catalogue, name)?.demo === true,
    tools: toolFinder(byName),
    missingSecrets: (name) => missingSecrets(needs.get(name)),
    hasKnowledge: (name) => knowledge.some((entry) => entry.name === name || entry.aliases?.includes(name)),
    hasSecret: (name) => secrets.includes(name),
    hasAgent: (name, version) => {
      const agent = findAgent(agents, name);
      if (version === undefined) return agent !== undefined;
      return agent?.latest !== undefined && version >= 1 && version <= agent.latest;
    },
    ...(models.length === 0 ? { hasModel: undefined } : {}),
  };
}

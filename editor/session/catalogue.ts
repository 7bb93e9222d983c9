/** What exists outside the graph: what pickers offer and what `check` is told. Read from the server, refreshed when the window is looked at again. */

import { createStore, type StoreApi } from "zustand/vanilla";
import type { CheckContext } from "../../runtime/node.ts";
import type { Ports } from "../../runtime/port.ts";
import { type ToolSpec, toolFinder } from "../../runtime/tool.ts";
import type { AgentCard } from "../../server/contract/agent.ts";
import type { KnowledgeCard } from "../../server/contract/knowledge.ts";
import type { ModelCard } from "../../server/contract/model.ts";
import type { ToolCard } from "../../server/contract/tool.ts";

export type ModelEntry = Pick<ModelCard, "name" | "demo" | "isDefault" | "profile">;
export type ToolEntry = Omit<ToolCard, "binding"> & Partial<Pick<ToolCard, "binding">>;
export type KnowledgeEntry = Pick<KnowledgeCard, "name" | "documents">;
export type AgentEntry = Pick<AgentCard, "id" | "name" | "slug" | "latest"> & { ports?: Ports };

export interface Catalogue {
  /** False until the first answer: until then nothing is called missing. */
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

/** The model that `default` stands for. */
export function defaultModel(catalogue: Catalogue): ModelEntry | undefined {
  return (
    catalogue.models.find((model) => model.isDefault) ??
    catalogue.models.find((model) => !model.demo) ??
    catalogue.models[0]
  );
}

export function modelEntry(catalogue: Catalogue, name: string): ModelEntry | undefined {
  return name === "default" ? defaultModel(catalogue) : catalogue.models.find((model) => model.name === name);
}

/** What `check` and `ports` are told, as the server tells them. */
export function checkContext(catalogue: Catalogue): CheckContext {
  if (!catalogue.known) return {};
  const { models, tools, knowledge, secrets, agents } = catalogue;
  const byName = new Map(tools.map((tool) => [tool.name, tool as ToolSpec]));
  const agentOf = (name: string) => agents.find((agent) => agent.id === name || agent.slug === name);
  return {
    tool: (name) => byName.get(name),
    agent: (name, version) => {
      const ports = agentOf(name)?.ports;
      // A version may have other ports than the draft has by now: those that are wired are believed.
      return ports && version !== undefined ? { ...ports, open: true } : ports;
    },
    hasModel: (name) => modelEntry(catalogue, name) !== undefined,
    isDemo: (name) => modelEntry(catalogue, name)?.demo === true,
    tools: toolFinder(byName),
    hasKnowledge: (name) => knowledge.some((entry) => entry.name === name),
    hasSecret: (name) => secrets.includes(name),
    hasAgent: (name, version) => {
      const agent = agentOf(name);
      if (version === undefined) return agent !== undefined;
      return agent?.latest !== undefined && version >= 1 && version <= agent.latest;
    },
    ...(models.length === 0 ? { hasModel: undefined } : {}),
  };
}

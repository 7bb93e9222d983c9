/** Finds what uses a thing: agents by their draft and by the versions that receive calls, and other parts of the server. */
import type { Graph } from "../../runtime/graph.ts";
import type { NodeTable } from "../../runtime/node.ts";
import { matchesTool } from "../../runtime/tool.ts";
import type { UseQuery, Uses } from "../contract/use.ts";
import type { Knowledge } from "../knowledge/service.ts";
import type { McpServers } from "../mcp/service.ts";
import type { Models } from "../models/service.ts";
import type { Toolbox } from "../tools/service.ts";
import { type GraphNeeds, graphNeeds } from "./graph-needs.ts";
import type { Agents } from "./service.ts";

interface UsesDeps {
  nodes: NodeTable;
  agents: Agents;
  toolbox: Toolbox;
  models: Models;
  mcp: McpServers;
  knowledge: Knowledge;
}

/** A thing that nothing uses, or that does not exist, has empty lists. */
export async function findUses(query: UseQuery, services: UsesDeps): Promise<Uses> {
  const names = await namesOf(query, services);
  const { kind } = query;
  const isModel = (name: string) =>
    kind === "provider"
      ? names.has(name.slice(0, Math.max(0, name.indexOf("/"))))
      : kind === "model" && names.has(name);
  const standard = await services.models.defaultModel();
  const embedder = await services.models.embedder();
  const usesModel = (name: string) => isModel(name === "default" ? (standard ?? "") : name);
  const isSecret = (name: string) => kind === "secret" && names.has(name);
  return {
    agents: await agentUses(services, (needs) => {
      if (kind === "knowledge") return meets(needs.knowledge, (name) => names.has(name));
      if (kind === "secret") return meets(needs.secrets, isSecret);
      if (kind === "agent")
        return (
          meets(needs.agents, (name) => names.has(name)) ||
          usesTool(
            needs,
            [...names].map((name) => `agent/${name}`),
          )
        );
      if (kind === "tool") return usesTool(needs, [...names]);
      if (kind === "mcp-server")
        return usesTool(
          needs,
          [...names].map((name) => `mcp/${name}/*`),
        );
      return meets(needs.models, usesModel);
    }),
    tools: (await services.toolbox.bindingNeeds())
      .filter(({ secrets, model }) => secrets.some(isSecret) || (model !== undefined && usesModel(model)))
      .map(({ name }) => name)
      .sort(),
    providers: (await services.models.providers())
      .filter(({ id, apiKey, fallback }) => {
        if (kind === "provider" && names.has(id)) return false;
        return (apiKey && isSecret(apiKey.secret)) || (fallback && isModel(fallback));
      })
      .map(({ id }) => id),
    servers: (await services.mcp.cards())
      .filter(({ env = [], headerSecrets = {} }) =>
        [...env.map(({ secret }) => secret ?? ""), ...Object.values(headerSecrets)].some(isSecret),
      )
      .map(({ name }) => name),
    knowledge: (await services.knowledge.cards())
      .filter((card) => card.embedder !== undefined && isModel(card.embedder))
      .map(({ name }) => name),
    defaults: [
      ...(standard !== undefined && isModel(standard) ? (["model"] as const) : []),
      ...(embedder !== undefined && isModel(embedder) ? (["embedder"] as const) : []),
    ],
  };
}

/** All names under which it can be used. */
async function namesOf(
  { kind, name }: UseQuery,
  { agents, models, knowledge }: UsesDeps,
): Promise<ReadonlySet<string>> {
  if (kind === "knowledge") {
    const card = (await knowledge.cards()).find((one) => one.name === name);
    return new Set([name, ...(card?.aliases ?? [])]);
  }
  if (kind === "provider") {
    const provider = (await models.providers()).find(({ id }) => id === name);
    return new Set([name, ...(provider?.aliases ?? [])]);
  }
  if (kind === "model") {
    const card = (await models.cards()).find((one) => one.name === name);
    return new Set([name, ...(card?.aliases ?? [])]);
  }
  if (kind === "agent") {
    const publication = (await agents.publications()).find(({ slug, agent }) => slug === name || agent === name);
    return new Set([name, ...(publication ? [publication.slug, publication.agent] : [])]);
  }
  return new Set([name]);
}

async function agentUses({ agents, nodes }: UsesDeps, uses: (needs: GraphNeeds) => boolean): Promise<Uses["agents"]> {
  const hits = (graph: Graph) => uses(graphNeeds(graph, nodes));
  const publications = new Map((await agents.publications()).map((one) => [one.agent, one]));
  const found: Uses["agents"] = [];
  for (const { id, graph } of await agents.graphs()) {
    const publication = publications.get(id);
    const versions: number[] = [];
    for (const version of publication ? [publication.live, publication.share?.version] : []) {
      if (version === undefined) continue;
      const stored = await agents.version(publication!.slug, version);
      if (stored && hits(stored.graph)) versions.push(version);
    }
    const draft = hits(graph);
    if (draft || versions.length > 0) found.push({ id, name: graph.name, draft, versions });
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

const meets = (names: ReadonlySet<string>, test: (name: string) => boolean) => [...names].some(test);

/** Both sides can be a pattern. */
function usesTool({ tools }: GraphNeeds, sought: string[]): boolean {
  return meets(tools, (used) => sought.some((name) => matchesTool(used, name) || matchesTool(name, used)));
}

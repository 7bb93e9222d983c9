import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import type { Graph } from "../../runtime/graph.ts";
import { api } from "../api.ts";
import type { AgentEntry } from "./catalogue.ts";
import { table } from "./node-types.ts";
import { createPortReader } from "./ports.ts";
import { useWorkbench } from "./use-workbench.ts";
import { setCatalogue } from "./workbench.ts";

/**
 * Keeps the catalogue in step with the server, also when the window is looked at again after a page was opened beside it.
 * A list that cannot be read is left as it was.
 */
export function useCatalogueSync(): void {
  const { catalogue } = useWorkbench();
  const again = { refetchOnWindowFocus: true, refetchOnMount: "always", staleTime: 0 } as const;
  const models = useQuery({ queryKey: ["models"], queryFn: ({ signal }) => api.models.list(signal), ...again });
  const tools = useQuery({ queryKey: ["tools"], queryFn: ({ signal }) => api.tools.list(signal), ...again });
  const knowledge = useQuery({
    queryKey: ["knowledge"],
    queryFn: ({ signal }) => api.knowledge.list(signal),
    ...again,
  });
  const secrets = useQuery({ queryKey: ["secrets"], queryFn: ({ signal }) => api.secrets.list(signal), ...again });
  const agents = useQuery({ queryKey: ["agents"], queryFn: ({ signal }) => api.agents.list(signal), ...again });

  useEffect(() => {
    const old = catalogue.getState();
    const settled = [models, tools, knowledge, secrets, agents].every((query) => !query.isPending);
    setCatalogue(catalogue, {
      known: old.known || settled,
      models: models.data?.models ?? old.models,
      tools: tools.data ?? old.tools,
      knowledge: knowledge.data ?? old.knowledge,
      secrets: secrets.data?.map((secret) => secret.name) ?? old.secrets,
      agents: agents.data?.map((agent) => agentEntry(agent.id, agent.graph, agent.slug)) ?? old.agents,
    });
  }, [catalogue, models, tools, knowledge, secrets, agents]);
}

/** An agent as a node sees it: its input's outputs are what it takes, its output's inputs are what it gives. */
export function agentEntry(id: string, graph: Graph, slug?: string): AgentEntry {
  const reader = createPortReader(table);
  const input = graph.nodes.find((node) => node.type === "input");
  const output = graph.nodes.find((node) => node.type === "output");
  const takes = input ? reader.ports(input).outputs : [];
  return {
    id,
    name: graph.name,
    ...(slug ? { slug } : {}),
    ...(input && output
      ? {
          ports: {
            inputs: takes.map((port) => ({
              id: port.id,
              kind: port.kind,
              ...(port.id === "message" ? {} : { optional: true }),
            })),
            outputs: reader.ports(output).inputs.map(({ id: port, kind }) => ({ id: port, kind })),
          },
        }
      : {}),
  };
}

import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { api } from "../api/api.ts";
import type { AgentEntry } from "../session/catalogue.ts";
import { setCatalogue } from "../session/workbench.ts";
import { useWorkbench } from "./use-workbench.ts";

/**
 * Keeps the catalogue up to date with the server, also when the window gets the focus again. A list that cannot be
 * loaded keeps its last value.
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
  const agents = useQuery({
    queryKey: ["agents", "cards"],
    queryFn: ({ signal }) => api.agents.cards(signal),
    ...again,
  });

  useEffect(() => {
    const old = catalogue.getState();
    const settled = [models, tools, knowledge, secrets, agents].every((query) => !query.isPending);
    setCatalogue(catalogue, {
      known: old.known || settled,
      models: models.data?.models ?? old.models,
      tools: tools.data ?? old.tools,
      knowledge: knowledge.data ?? old.knowledge,
      secrets: secrets.data?.map((secret) => secret.name) ?? old.secrets,
      agents:
        agents.data?.map(
          ({ id, name, slug, latest, ports }): AgentEntry => ({
            id,
            name,
            ...(slug && { slug }),
            ...(latest && { latest }),
            ports,
          }),
        ) ?? old.agents,
    });
  }, [catalogue, models, tools, knowledge, secrets, agents]);
}

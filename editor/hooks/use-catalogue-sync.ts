import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { api } from "../api/api.ts";
import { type AgentEntry, setCatalogue } from "../session/catalogue.ts";
import { useWorkbench } from "./use-workbench.ts";

/**
 * Keeps the catalogue up to date with the server, also when the window gets the focus again. A list that cannot be
 * loaded keeps its last value.
 */
export function useCatalogueSync(): void {
  const { catalogue } = useWorkbench();
  const models = useList(["models"], api.models.list);
  const tools = useList(["tools"], api.tools.list);
  const knowledge = useList(["knowledge"], api.knowledge.list);
  const secrets = useList(["secrets"], api.secrets.list);
  const agents = useList(["agents", "cards"], api.agents.cards);

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
        agents.data?.map(({ id, name, slug, latest, ports }): AgentEntry => ({ id, name, slug, latest, ports })) ??
        old.agents,
    });
  }, [catalogue, models, tools, knowledge, secrets, agents]);
}

function useList<T>(queryKey: string[], list: (signal: AbortSignal) => Promise<T>) {
  return useQuery({
    queryKey,
    queryFn: ({ signal }) => list(signal),
    refetchOnWindowFocus: true,
    refetchOnMount: "always",
    staleTime: 0,
  });
}

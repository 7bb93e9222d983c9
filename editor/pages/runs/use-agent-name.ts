import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api } from "../../api/api.ts";

/** The present name of the agent of a run or session; of a deleted or unsaved one, its name at that time. */
export function useAgentName(): (one: { agent?: string; name: string }) => string {
  const { data } = useQuery({ queryKey: ["agents", "cards"], queryFn: ({ signal }) => api.agents.cards(signal) });
  const names = useMemo(() => new Map(data?.map((agent) => [agent.id, agent.name])), [data]);
  return ({ agent, name }) => (agent === undefined ? undefined : names.get(agent)) ?? name;
}

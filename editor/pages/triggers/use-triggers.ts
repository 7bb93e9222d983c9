import { useQuery } from "@tanstack/react-query";
import { inputFields } from "../../../runtime/agent-ports.ts";
import type { Field } from "../../../runtime/field.ts";
import { api } from "../../api/api.ts";
import { table } from "../../graph/node-types.ts";

export const triggersKey = (agent: string) => ["agents", agent, "triggers"];

export function useTriggers(agent: string) {
  return useQuery({
    queryKey: triggersKey(agent),
    queryFn: ({ signal }) => api.triggers.list(agent, signal),
    // Triggers fire on their own, so the list is polled.
    refetchInterval: 10_000,
  });
}

/** The input fields of the live version besides the message; `undefined` while loading, or if no version is live. */
export function useLiveFields(agent: string): Field[] | undefined {
  const versions = useQuery({
    queryKey: ["agents", agent, "versions"],
    queryFn: ({ signal }) => api.agents.versions(agent, signal),
  });
  const live = versions.data?.versions.find((one) => one.version === versions.data?.publication?.live);
  return live && inputFields(live.graph, table);
}

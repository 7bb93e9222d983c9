import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api } from "../../api/api.ts";
import { useAgents } from "../home/use-agents.ts";
import { KEYS_KEY } from "../settings/key-panel.tsx";

export interface UsageNames {
  agents: { id: string; name: string }[];
  /** Agent keys, then those that stand for many or none. */
  keys: { id: string; name: string }[];
  /** What a key's row is called; of one that was revoked its id is all that is left. */
  keyName(id: string | undefined): string;
}

/** What ids in usage rows are called. */
export function useUsageNames(): UsageNames {
  const { t } = useTranslation("usage");
  const agents = useAgents();
  const keys = useQuery({ queryKey: KEYS_KEY, queryFn: ({ signal }) => api.keys.list(signal) });
  const list = [
    ...(keys.data ?? []).map(({ id, name }) => ({ id, name })),
    { id: "", name: t("ownRuns") },
    { id: "visitor", name: t("visitors") },
    { id: "trigger", name: t("triggers") },
  ];
  return {
    agents: (agents.data ?? []).map(({ id, graph }) => ({ id, name: graph.name })),
    keys: list,
    keyName: (id = "") => list.find((key) => key.id === id)?.name ?? t("revokedKey", { id: id.slice(0, 8) }),
  };
}

import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api } from "../../api/api.ts";
import { useAgents } from "../home/use-agents.ts";
import { KEYS_KEY } from "../settings/key-panel.tsx";

export interface UsageNames {
  agents: { id: string; name: string }[];
  /** Agent keys, then the entries for several keys or none. */
  keys: { id: string; name: string }[];
  /** The label of a key's row; the id if the key was revoked. */
  keyName(id: string | undefined): string;
}

/** Names for the ids in usage rows. */
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

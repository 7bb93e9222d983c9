import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import type { Agent } from "../../../server/contract/agent.ts";
import { api } from "../../api/api.ts";
import { starter } from "../../graph/starter.ts";
import { useFileImport } from "../../hooks/use-read-file.ts";
import { useErrorToast } from "../../shell/query-state.tsx";
import { toast } from "../../ui/toast.tsx";
import { freeName } from "./agent-files.ts";

const KEY = ["agents"];

export function useAgents() {
  return useQuery({ queryKey: KEY, queryFn: ({ signal }) => api.agents.list(signal) });
}

/** Actions on agents outside the editor. Failures are shown as a toast with the reason. */
export function useAgentActions() {
  const { t } = useTranslation("home");
  const client = useQueryClient();
  const toastError = useErrorToast();
  const [, go] = useLocation();
  const refresh = () => client.invalidateQueries({ queryKey: KEY });
  const taken = () => new Set((client.getQueryData<Agent[]>(KEY) ?? []).map((agent) => agent.graph.name));

  const create = useMutation({
    mutationFn: () => api.agents.create(starter(freeName(t("newName"), taken(), (count) => t("newNameN", { count })))),
    onSuccess: (agent) => {
      void refresh();
      go(`/agents/${agent.id}`);
    },
    onError: toastError,
  });

  const duplicate = useMutation({
    mutationFn: async (agent: Agent) => {
      const copy = await api.agents.create({
        ...agent.graph,
        name: freeName(
          t("copyOf", { name: agent.graph.name }),
          taken(),
          (count) => `${t("copyOf", { name: agent.graph.name })} ${count}`,
        ),
      });
      const { folder = "", tags = [] } = agent;
      return folder !== "" || tags.length > 0 ? await api.agents.label(copy.id, { folder, tags }) : copy;
    },
    onSuccess: refresh,
    onError: toastError,
  });

  const remove = useMutation({
    mutationFn: (agent: Agent) => api.agents.delete(agent.id),
    onSuccess: (_, agent) => {
      void refresh();
      toast({ title: t("deleted", { name: agent.graph.name }) });
    },
    onError: toastError,
  });

  const importAll = useFileImport(({ graph }) => api.agents.create(graph));
  /** A single imported agent is opened. */
  const importFiles = useMutation({
    mutationFn: importAll,
    onSuccess: (made) => {
      if (made.length === 0) return;
      void refresh();
      const issues = made.reduce(
        (sum, agent) => sum + agent.issues.filter((issue) => issue.severity === "error").length,
        0,
      );
      toast({
        title: t("imported", { count: made.length }),
        detail: issues > 0 ? t("importIssues", { count: issues }) : undefined,
      });
      if (made.length === 1) go(`/agents/${made[0]!.id}`);
    },
  });

  return { create, duplicate, remove, importFiles };
}

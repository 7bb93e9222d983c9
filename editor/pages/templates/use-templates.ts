import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import type { Template, UsedTemplate } from "../../../server/contract/template.ts";
import { api } from "../../api/api.ts";
import { useFileImport } from "../../hooks/use-read-file.ts";
import { language } from "../../i18n/index.ts";
import { useErrorToast } from "../../shell/query-state.tsx";
import { toast } from "../../ui/toast.tsx";
import { downloadJson, fileName } from "../home/agent-files.ts";

export function useTemplates() {
  return useQuery({
    queryKey: ["templates"],
    queryFn: ({ signal }) => api.templates.list(signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Actions on the gallery. Failures are shown as a toast with the reason. */
export function useTemplateActions() {
  const { t } = useTranslation("templates");
  const client = useQueryClient();
  const toastError = useErrorToast();
  const refresh = () => client.invalidateQueries({ queryKey: ["templates"] });

  const importAll = useFileImport(({ graph, template }) =>
    template ? api.templates.import(template) : api.templates.save({ graph, language: language() }),
  );
  /** Imports template and agent files. */
  const importFiles = useMutation({
    mutationFn: importAll,
    onSuccess(made) {
      if (made.length === 0) return;
      void refresh();
      toast({ title: t("imported", { count: made.length }) });
    },
  });

  const download = useMutation({
    mutationFn: (template: Template) => api.templates.file(template.id),
    onSuccess: (file, template) =>
      downloadJson(`${JSON.stringify(file, null, 2)}\n`, `${fileName(template.title[language()])}.template.json`),
    onError: toastError,
  });

  const remove = useMutation({
    mutationFn: (template: Template) => api.templates.delete(template.id),
    onSuccess(_, template) {
      void refresh();
      toast({ title: t("deleted", { title: template.title[language()] }) });
    },
    onError: toastError,
  });

  return { importFiles, download, remove };
}

type Choices = Parameters<typeof api.templates.use>[1];

/** One step of creating an agent from a template. Refreshes the lists that it changes. */
export function useTemplateStep(template: Template) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (choices: Omit<Choices, "language">) =>
      api.templates.use(template.id, { language: language(), ...choices }),
    onSuccess: () => {
      for (const key of ["agents", "knowledge", "mcp-servers", "tools"])
        void client.invalidateQueries({ queryKey: [key] });
    },
  });
}

/** Opens the agent with the chat panel in front, where its suggested messages are. */
export function useOpenWithChat(): (used: UsedTemplate) => void {
  const [, go] = useLocation();
  return (used) => go(`/agents/${used.id}?try`);
}

/** The remaining required needs, in the order in which they are requested. */
export const requiredNeeds = (used: UsedTemplate) => used.needs.filter((need) => !need.optional);

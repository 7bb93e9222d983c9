import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useLocation } from "wouter";
import { api } from "../../api.ts";
import type { Template, UsedTemplate } from "../../api-types.ts";
import { language } from "../../i18n/index.ts";

export function useTemplates() {
  return useQuery({
    queryKey: ["templates"],
    queryFn: ({ signal }) => api.templates.list(signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

type Choices = Parameters<typeof api.templates.use>[1];

/** One step of making an agent from a template; what it put in place shows up in the lists. */
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

/** Opens the agent with the conversation in front: its suggestions are the next click. */
export function useOpenTried(): (used: UsedTemplate) => void {
  const [, go] = useLocation();
  return (used) => go(`/agents/${used.id}?try`);
}

/** What still stands in the way, in the order in which it is asked for. */
export const required = (used: UsedTemplate) => used.needs.filter((need) => !need.optional);

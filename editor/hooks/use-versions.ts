import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api } from "../api/api.ts";
import { percent } from "../i18n/format.ts";
import { useErrorToast } from "../shell/query-state.tsx";
import { toast } from "../ui/toast.tsx";

/** The published versions of an agent, its publication and its addresses. */
export function useVersions(agent: string) {
  return useQuery({
    queryKey: ["agents", agent, "versions"],
    queryFn: ({ signal }) => api.agents.versions(agent, signal),
  });
}

/** Makes a version live, or gives it a share of the calls. Shows a toast with the result. */
export function useMakeLive(agent: string) {
  const { t } = useTranslation("versions");
  const client = useQueryClient();
  const toastError = useErrorToast();
  return useMutation({
    mutationFn: ({ version, share }: { version: number; share?: number }) => api.agents.live(agent, version, share),
    onSuccess(_, { version, share }) {
      void client.invalidateQueries({ queryKey: ["agents"] });
      toast({
        title: share === undefined ? t("promoted", { version }) : t("shared", { version, share: percent(share) }),
      });
    },
    onError: toastError,
  });
}

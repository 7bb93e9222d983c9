import { Clock3 } from "lucide-react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../../api/api.ts";
import { LinkButton } from "../../ui/button.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";

/** The run was deleted, or is older than the retention period. */
export const isNotFound = (error: unknown): boolean => error instanceof ApiError && error.status === 404;

export function RunNotFound() {
  const { t } = useTranslation("runs");
  return (
    <EmptyState icon={Clock3} title={t("gone")} actions={<LinkButton href="/runs">{t("inbox.openRuns")}</LinkButton>}>
      {t("goneLead")}
    </EmptyState>
  );
}

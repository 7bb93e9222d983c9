import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { api } from "../../api/api.ts";
import { ErrorNotice, Loaded } from "../../shell/query-state.tsx";
import { Field } from "../../ui/field.tsx";
import { Skeleton } from "../../ui/progress.tsx";
import { Select } from "../../ui/select.tsx";

export const SETTINGS_KEY = ["settings"];
const CHOICES = [1, 7, 30, 90, 365];
const FOREVER = "forever";

export function useServerSettings() {
  return useQuery({ queryKey: SETTINGS_KEY, queryFn: ({ signal }) => api.settings.get(signal), staleTime: 60_000 });
}

/** How long runs are kept, with a way to change it. */
export function RetentionNote() {
  const { t } = useTranslation("runs");
  const settings = useServerSettings();
  if (!settings.data) return null;
  const days = settings.data.keepRunsDays;
  return (
    <>
      {days === null ? t("keepForever") : t("keep", { count: days })}{" "}
      <Link href="/settings" className="rounded-sm text-accent underline underline-offset-2">
        {t("keepChange")}
      </Link>
    </>
  );
}

export function RetentionDialog() {
  const { t } = useTranslation("settings");
  const client = useQueryClient();
  const settings = useServerSettings();
  const change = useMutation({
    mutationFn: (keepRunsDays: number | null) => api.settings.change({ keepRunsDays }),
    onSuccess: (next) => client.setQueryData(SETTINGS_KEY, next),
  });
  return (
    <Loaded query={settings} skeleton={<Skeleton className="h-8 w-48" />}>
      {({ keepRunsDays }) => (
        <Field label={t("keep")} help={t("keepHelp")} className="max-w-sm">
          <Select
            value={keepRunsDays === null ? FOREVER : String(keepRunsDays)}
            onChange={(value) => change.mutate(value === FOREVER ? null : Number(value))}
            disabled={change.isPending}
            options={[
              ...CHOICES.map((days) => ({ value: String(days), label: t("keepDays", { count: days }) })),
              ...(keepRunsDays !== null && !CHOICES.includes(keepRunsDays)
                ? [{ value: String(keepRunsDays), label: t("keepOther", { count: keepRunsDays }) }]
                : []),
              { value: FOREVER, label: t("keepForever") },
            ]}
          />
          {change.isError && <ErrorNotice error={change.error} />}
        </Field>
      )}
    </Loaded>
  );
}

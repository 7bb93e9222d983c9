import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Check, Minus, X } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { ModelProfile } from "../../../runtime/model.ts";
import type { NewProvider, Provider, ProviderTest } from "../../../server/contract/model.ts";
import { api } from "../../api/api.ts";
import { span } from "../../i18n/format.ts";
import { ErrorNotice } from "../../shell/query-state.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { cx } from "../../ui/cx.ts";
import { Notice } from "../../ui/notice.tsx";
import { toast } from "../../ui/toast.tsx";
import { MODELS_KEY } from "./use-models.ts";

const ORDER = ["chat", "streams", "tools", "structured", "vision", "embeddings"] as const;

/** The result of a provider test: whether it works, then what it supports. */
export function TestResult({ test }: { test: ProviderTest }) {
  const { t } = useTranslation(["models", "errors"]);
  if (!test.ok)
    return (
      <Notice tone="bad" title={test.code ? t(`errors:${test.code}`) : undefined}>
        {test.message}
      </Notice>
    );
  const time = test.latencyMs === undefined ? undefined : span(test.latencyMs);
  return (
    <div className="rounded-lg border border-ok/25 bg-ok-soft px-3.5 py-3">
      <div className="flex flex-wrap items-center gap-2">
        <Check size={16} aria-hidden className="text-ok" />
        <p className="font-medium">{test.tried && time ? t("testOkWith", { model: test.tried, time }) : t("testOk")}</p>
        <Badge className="ml-auto">{t("testListed", { count: test.models.length })}</Badge>
      </div>
      <ul className="mt-2.5 grid grid-cols-[repeat(auto-fill,minmax(180px,1fr))] gap-x-4 gap-y-1.5">
        {ORDER.map((name) => {
          const found = test.found[name];
          const Icon = found === undefined ? Minus : found ? Check : X;
          const word = found === undefined ? t("notTested") : found ? t("yes") : t("no");
          return (
            <li key={name} className={cx("flex items-center gap-2", found === undefined && "text-ink-3")}>
              <Icon
                size={14}
                aria-hidden
                className={found ? "text-ok" : found === false ? "text-warn" : "text-ink-3"}
              />
              <span className={found === false ? "text-ink-2" : undefined}>{t(`capabilityTest.${name}`)}</span>
              <span className="sr-only">{word}</span>
              {found === undefined && <span className="text-xs">{word}</span>}
            </li>
          );
        })}
      </ul>
      {test.found.tools === false && <p className="mt-2.5 text-ink-2 text-sm">{t("noTools")}</p>}
    </div>
  );
}

const differs = (provider: Provider, suggests: Partial<ModelProfile>) =>
  Object.entries(suggests).some(([key, value]) => provider.profile?.[key as keyof ModelProfile] !== value);

/** Shown when a test disagrees with the stored profile; one click updates the profile. */
export function Suggestion({
  provider,
  test: { suggests },
  onApplied,
}: {
  provider: Provider;
  test: ProviderTest;
  onApplied?(changed: Provider): void;
}) {
  const { t } = useTranslation("models");
  const client = useQueryClient();
  const apply = useMutation({
    mutationFn: () =>
      api.models.update(provider.id, {
        ...(provider as NewProvider),
        profile: { ...provider.profile, ...suggests },
      }),
    onSuccess: (changed) => {
      void client.invalidateQueries({ queryKey: MODELS_KEY });
      toast({ title: t("profileUpdated", { id: provider.id }) });
      onApplied?.(changed);
    },
  });
  if (!suggests || !differs(provider, suggests)) return null;
  return (
    <Notice
      tone="warn"
      className="mt-2"
      title={t("updateProfileTitle")}
      actions={
        <Button size="sm" busy={apply.isPending} onClick={() => apply.mutate()}>
          {t("updateProfile")}
        </Button>
      }
    >
      {t("updateProfileLead")}
      {apply.isError && <ErrorNotice error={apply.error} className="mt-2" />}
    </Notice>
  );
}

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Cloud, HardDrive, Pencil, Plus, Sparkles, Trash2, Zap } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { ModelCard, Provider } from "../../../server/contract/model.ts";
import { api } from "../../api/api.ts";
import { Page, Section } from "../../shell/page.tsx";
import { ErrorNotice, Loaded, useErrorToast } from "../../shell/query-state.tsx";
import { UsedBy } from "../../shell/used-by.tsx";
import { Button } from "../../ui/button.tsx";
import { ConfirmDialog } from "../../ui/dialog.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { toast } from "../../ui/toast.tsx";
import { Capabilities } from "./capabilities.tsx";
import { DefaultChoice, DefaultModels } from "./default-models.tsx";
import { ProviderPanel } from "./provider-panel.tsx";
import { Suggestion, TestResult } from "./test-result.tsx";
import { MODELS_KEY, useModels } from "./use-models.ts";

export function ModelsPage() {
  const { t } = useTranslation(["models", "common"]);
  const client = useQueryClient();
  const toastError = useErrorToast();
  const models = useModels();
  const [panel, setPanel] = useState<"add" | Provider>();
  const [doomed, setDoomed] = useState<Provider>();
  const remove = useMutation({
    mutationFn: (id: string) => api.models.delete(id),
    onSuccess: (_, id) => toast({ title: t("removed", { id }) }),
    onError: toastError,
    onSettled: () => {
      setDoomed(undefined);
      void client.invalidateQueries({ queryKey: MODELS_KEY });
    },
  });

  return (
    <Page
      crumbs={[{ label: t("title") }]}
      title={t("title")}
      lead={t("lead")}
      actions={
        <Button variant="solid" icon={Plus} onClick={() => setPanel("add")}>
          {t("add")}
        </Button>
      }
    >
      <Loaded query={models}>
        {({ providers, models: cards, defaultModel, embedder }) => (
          <>
            <DefaultModels cards={cards} named={defaultModel} embedder={embedder} onAdd={() => setPanel("add")} />
            <Section title={t("providers")}>
              <ul className="flex flex-col gap-3">
                {providers.map((provider) => (
                  <li key={provider.id}>
                    <ProviderCard
                      provider={provider}
                      cards={cards.filter((card) => card.provider === provider.id)}
                      embedder={embedder}
                      onEdit={() => setPanel(provider)}
                      onRemove={() => setDoomed(provider)}
                    />
                  </li>
                ))}
              </ul>
            </Section>
            {panel && (
              <ProviderPanel
                provider={panel === "add" ? undefined : panel}
                providers={providers}
                models={cards}
                onClose={() => setPanel(undefined)}
              />
            )}
          </>
        )}
      </Loaded>
      <ConfirmDialog
        open={doomed !== undefined}
        onClose={() => setDoomed(undefined)}
        title={t("removeTitle", { id: doomed?.id })}
        description={t("removeLead")}
        confirm={t("common:remove")}
        busy={remove.isPending}
        onConfirm={() => doomed && remove.mutate(doomed.id)}
      >
        {doomed && <UsedBy kind="provider" name={doomed.id} />}
      </ConfirmDialog>
    </Page>
  );
}

const MANY = 6;

function ProviderCard({
  provider,
  cards,
  embedder,
  onEdit,
  onRemove,
}: {
  provider: Provider;
  cards: ModelCard[];
  embedder?: string;
  onEdit(): void;
  onRemove(): void;
}) {
  const { t } = useTranslation(["models", "common"]);
  const [all, setAll] = useState(false);
  const test = useMutation({ mutationFn: () => api.models.test(provider.id) });
  const demo = provider.kind === "demo";
  const local = /\/\/(localhost|127\.|\[::1\]|10\.|192\.168\.)/.test(provider.baseUrl ?? "");
  const Icon = demo ? Sparkles : local || provider.kind === "local" ? HardDrive : Cloud;
  const shown = all ? cards : cards.slice(0, MANY);
  return (
    <article className="rounded-xl border border-line bg-surface">
      <header className="flex flex-wrap items-center gap-3 px-4 py-3">
        <span className="flex size-8 items-center justify-center rounded-md bg-hover text-ink-2">
          <Icon size={16} aria-hidden />
        </span>
        <div className="min-w-0 flex-1">
          <h3 className="font-mono font-semibold">{provider.id}</h3>
          <p className="truncate text-ink-3 text-sm">{demo ? t("demoProvider") : (provider.baseUrl ?? "")}</p>
        </div>
        <Button size="sm" icon={Zap} busy={test.isPending} onClick={() => test.mutate()}>
          {test.isPending ? t("testing") : test.data ? t("testAgain") : t("test")}
        </Button>
        {!demo && provider.kind !== "local" && (
          <div className="flex">
            <IconButton icon={Pencil} label={`${t("common:edit")}: ${provider.id}`} onClick={onEdit} />
            <IconButton icon={Trash2} label={`${t("common:remove")}: ${provider.id}`} danger onClick={onRemove} />
          </div>
        )}
      </header>
      <div aria-live="polite" className="px-4 pb-3 empty:hidden">
        {test.isError && <ErrorNotice error={test.error} onRetry={() => test.mutate()} />}
        {test.data && <TestResult test={test.data} />}
        {test.data && <Suggestion provider={provider} test={test.data} />}
      </div>
      {!demo && (
        <div className="border-line border-t px-4 py-1">
          {cards.length === 0 && <p className="py-2 text-ink-3">{t("noModels")}</p>}
          <ul>
            {shown.map((card) => (
              <li
                key={card.name}
                className="flex flex-wrap items-center gap-x-3 gap-y-0.5 border-line border-b py-2 last:border-b-0"
              >
                <span className="font-mono">{card.name.slice(provider.id.length + 1)}</span>
                <DefaultChoice card={card} embedder={embedder} />
                <span className="ml-auto text-sm">
                  {card.embeds ? (
                    <span className="text-ink-2">{t("embeds")}</span>
                  ) : (
                    <Capabilities profile={card.profile} />
                  )}
                </span>
              </li>
            ))}
          </ul>
          {!all && cards.length > MANY && (
            <Button size="sm" variant="ghost" className="my-1" onClick={() => setAll(true)}>
              {t("moreModels", { count: cards.length - MANY })}
            </Button>
          )}
        </div>
      )}
    </article>
  );
}

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Cpu, type LucideIcon, Plus, Search } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { ModelCard } from "../../../server/contract/model.ts";
import type { ServerSettings } from "../../../server/contract/settings.ts";
import { api } from "../../api/api.ts";
import { Section } from "../../shell/page.tsx";
import { useErrorToast } from "../../shell/query-state.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { Notice } from "../../ui/notice.tsx";
import { toast } from "../../ui/toast.tsx";
import { SETTINGS_KEY, useServerSettings } from "../settings/run-retention.tsx";
import { Capabilities } from "./capabilities.tsx";
import { MODELS_KEY } from "./use-models.ts";

type Defaults = Partial<Pick<ServerSettings, "defaultModel" | "defaultEmbedder">>;

/** Sets a default model, or with null removes the choice. Shows a toast. */
export function useSetDefaults() {
  const { t } = useTranslation("models");
  const client = useQueryClient();
  const toastError = useErrorToast();
  return useMutation({
    mutationFn: (defaults: Defaults) => api.settings.change(defaults),
    onSuccess: (settings, { defaultModel, defaultEmbedder }) => {
      client.setQueryData(SETTINGS_KEY, settings);
      void client.invalidateQueries({ queryKey: MODELS_KEY });
      if (defaultModel) toast({ title: t("nowDefault", { model: defaultModel }) });
      else if (defaultEmbedder) toast({ title: t("nowEmbedder", { model: defaultEmbedder }) });
      else toast({ title: t("choosesAutomatically") });
    },
    onError: toastError,
  });
}

/**
 * The models used when a graph or new knowledge base does not name one. `named`: the configured default, even if it
 * does not exist.
 */
export function DefaultModels({
  cards,
  named,
  embedder,
  onAdd,
}: {
  cards: ModelCard[];
  named?: string;
  embedder?: string;
  onAdd(): void;
}) {
  const { t } = useTranslation("models");
  const { data: settings } = useServerSettings();
  const card = cards.find((one) => one.isDefault);
  const embeds = embedder !== undefined || cards.some((one) => one.embeds);
  return (
    <>
      <Section title={t("defaultTitle")} lead={t("defaultLead")}>
        {card && !card.demo ? (
          <Line icon={Cpu} name={card.name} chosen={settings?.defaultModel} back={{ defaultModel: null }}>
            <Capabilities profile={card.profile} />
          </Line>
        ) : !card && named !== undefined ? (
          <Missing model={named} chosen={settings?.defaultModel} />
        ) : (
          <Notice
            tone="warn"
            title={t("demoTitle")}
            actions={
              <Button size="sm" icon={Plus} onClick={onAdd}>
                {t("add")}
              </Button>
            }
          >
            {t("demoBody")}
          </Notice>
        )}
      </Section>
      {embeds && (
        <Section title={t("defaultEmbedderTitle")} lead={t("defaultEmbedderLead")}>
          {embedder === undefined ? (
            <p className="text-ink-3">{t("noEmbedder")}</p>
          ) : (
            <Line icon={Search} name={embedder} chosen={settings?.defaultEmbedder} back={{ defaultEmbedder: null }} />
          )}
        </Section>
      )}
    </>
  );
}

function Line({
  icon: Icon,
  name,
  chosen,
  back,
  children,
}: {
  icon: LucideIcon;
  name: string;
  /** The model that the admin chose, if any. */
  chosen?: string | null;
  back: Defaults;
  children?: ReactNode;
}) {
  const { t } = useTranslation("models");
  return (
    <div className="flex flex-wrap items-center gap-3 rounded-xl border border-line bg-surface px-4 py-3">
      <Icon size={16} aria-hidden className="text-ink-2" />
      <span className="font-medium font-mono">{name}</span>
      {chosen && (
        <>
          <Badge>{t("setByYou")}</Badge>
          <GiveBack defaults={back} />
        </>
      )}
      <span className="ml-auto text-sm">{children}</span>
    </div>
  );
}

function Missing({ model, chosen }: { model: string; chosen?: string | null }) {
  const { t } = useTranslation("models");
  return (
    <Notice
      tone="bad"
      title={t("missingDefault", { model })}
      actions={chosen && <GiveBack defaults={{ defaultModel: null }} />}
    >
      {t("missingDefaultBody")}
    </Notice>
  );
}

function GiveBack({ defaults }: { defaults: Defaults }) {
  const { t } = useTranslation("models");
  const set = useSetDefaults();
  return (
    <Button size="sm" variant="ghost" busy={set.isPending} onClick={() => set.mutate(defaults)}>
      {t("chooseAutomatically")}
    </Button>
  );
}

/** Makes a model the default for what it can do, or shows that it is the default. */
export function DefaultChoice({ card, embedder }: { card: ModelCard; embedder?: string }) {
  const { t } = useTranslation("models");
  const set = useSetDefaults();
  const is = card.embeds ? card.name === embedder : card.isDefault === true;
  if (is) return <Badge tone="accent">{t(card.embeds ? "semanticSearch" : "isDefault")}</Badge>;
  return (
    <Button
      size="sm"
      variant="ghost"
      busy={set.isPending}
      aria-label={t(card.embeds ? "useModelForSearch" : "makeDefaultOf", { model: card.name })}
      onClick={() => set.mutate(card.embeds ? { defaultEmbedder: card.name } : { defaultModel: card.name })}
    >
      {t(card.embeds ? "useForSearch" : "makeDefault")}
    </Button>
  );
}

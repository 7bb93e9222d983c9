import { useQuery } from "@tanstack/react-query";
import { Plus, Zap } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Trigger } from "../../../server/contract/trigger.ts";
import { api } from "../../api/api.ts";
import { Page } from "../../shell/page.tsx";
import { Loaded } from "../../shell/query-state.tsx";
import { Button, LinkButton } from "../../ui/button.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Menu } from "../../ui/menu.tsx";
import { TRIGGER_ICONS, TriggerCard } from "./trigger-card.tsx";
import { TriggerPanel } from "./trigger-panel.tsx";
import { useLiveFields, useTriggers } from "./use-triggers.ts";

const KINDS = ["schedule", "webhook", "notice"] as const;

/** What starts an agent automatically, and who is notified of its runs. */
export function TriggersPage({ id }: { id: string }) {
  const { t } = useTranslation(["triggers", "home", "versions"]);
  const agent = useQuery({ queryKey: ["agents", id], queryFn: ({ signal }) => api.agents.get(id, signal) });
  const triggers = useTriggers(id);
  const fields = useLiveFields(id);
  const [adding, setAdding] = useState<Trigger["kind"]>();
  const published = agent.data?.slug !== undefined;
  return (
    <Page
      crumbs={[
        { label: t("home:title"), href: "/" },
        { label: agent.data?.graph.name ?? "…", href: `/agents/${id}` },
        { label: t("title") },
      ]}
      title={t("title")}
      lead={t("lead")}
      actions={
        <>
          <LinkButton href={`/agents/${id}`}>{t("versions:openAgent")}</LinkButton>
          {published && (
            <Menu
              trigger={
                <Button variant="solid" icon={Plus}>
                  {t("add")}
                </Button>
              }
              items={KINDS.map((kind) => ({
                label: t(`kind.${kind}`),
                icon: TRIGGER_ICONS[kind],
                onSelect: () => setAdding(kind),
              }))}
            />
          )}
        </>
      }
    >
      <Loaded query={triggers}>
        {(list) =>
          list.length > 0 ? (
            <ol className="flex flex-col gap-3">
              {list.map((one) => (
                <li key={one.id}>
                  <TriggerCard agent={id} trigger={one} fields={fields ?? []} />
                </li>
              ))}
            </ol>
          ) : agent.data && !published ? (
            <EmptyState
              icon={Zap}
              title={t("unpublished")}
              actions={
                <LinkButton href={`/agents/${id}`} variant="solid">
                  {t("versions:openAgent")}
                </LinkButton>
              }
            >
              {t("unpublishedLead")}
            </EmptyState>
          ) : (
            <EmptyState
              icon={Zap}
              title={t("empty")}
              actions={KINDS.map((kind) => (
                <Button key={kind} icon={TRIGGER_ICONS[kind]} onClick={() => setAdding(kind)}>
                  {t(`addKind.${kind}`)}
                </Button>
              ))}
            >
              {t("emptyLead")}
            </EmptyState>
          )
        }
      </Loaded>
      {adding && fields && (
        <TriggerPanel agent={id} fields={fields} kind={adding} onClose={() => setAdding(undefined)} />
      )}
    </Page>
  );
}

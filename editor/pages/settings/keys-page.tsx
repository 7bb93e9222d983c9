import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { KeySquare, Plus, SlidersHorizontal, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { AgentKey, KeyLimits } from "../../../server/contract/key.ts";
import { api } from "../../api/api.ts";
import { ago, date, number } from "../../i18n/format.ts";
import { Page } from "../../shell/page.tsx";
import { Loaded, useErrorToast } from "../../shell/query-state.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { ConfirmDialog } from "../../ui/dialog.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { ActionsHead, Cell, Head, HeadCell, Row, Table } from "../../ui/table.tsx";
import { toast } from "../../ui/toast.tsx";
import { KEYS_KEY, KeyPanel } from "./key-panel.tsx";
import { KeyUsage } from "./key-usage.tsx";
import { SettingsTabs } from "./settings-page.tsx";

export function KeysPage() {
  const { t } = useTranslation(["settings", "common"]);
  const client = useQueryClient();
  const toastError = useErrorToast();
  const keys = useQuery({ queryKey: KEYS_KEY, queryFn: ({ signal }) => api.keys.list(signal) });
  const [creating, setCreating] = useState(false);
  const [changing, setChanging] = useState<AgentKey>();
  const [doomed, setDoomed] = useState<AgentKey>();
  const revoke = useMutation({
    mutationFn: (key: AgentKey) => api.keys.delete(key.id),
    onSuccess: (_, key) => toast({ title: t("keys.revoked", { name: key.name }) }),
    onError: toastError,
    onSettled: () => {
      setDoomed(undefined);
      void client.invalidateQueries({ queryKey: KEYS_KEY });
    },
  });
  const add = (
    <Button variant="solid" icon={Plus} onClick={() => setCreating(true)}>
      {t("keys.add")}
    </Button>
  );
  return (
    <Page
      wide
      crumbs={[{ label: t("title"), href: "/settings" }, { label: t("tabs.keys") }]}
      title={t("tabs.keys")}
      lead={t("keys.lead")}
      tabs={<SettingsTabs current="keys" />}
      actions={keys.data?.length ? add : undefined}
    >
      <Loaded query={keys}>
        {(list) =>
          list.length === 0 ? (
            <EmptyState icon={KeySquare} title={t("keys.empty")} actions={add}>
              {t("keys.emptyLead")}
            </EmptyState>
          ) : (
            <Table label={t("tabs.keys")}>
              <Head>
                <HeadCell>{t("common:name")}</HeadCell>
                <HeadCell>{t("keys.column.agents")}</HeadCell>
                <HeadCell>{t("keys.limits")}</HeadCell>
                <HeadCell>{t("keys.column.today")}</HeadCell>
                <HeadCell end>{t("keys.column.used")}</HeadCell>
                <HeadCell end>{t("keys.expires")}</HeadCell>
                <ActionsHead />
              </Head>
              <tbody>
                {list.map((key) => (
                  <Row key={key.id} onOpen={() => setChanging(key)}>
                    <Cell className="whitespace-nowrap">
                      <span className="font-medium">{key.name}</span>
                      <span className="block font-mono text-ink-3 text-xs">{key.prefix}…</span>
                    </Cell>
                    <Cell className="w-full">
                      {key.agents === "*" ? (
                        t("keys.all")
                      ) : (
                        <span className="flex flex-wrap gap-1">
                          {key.agents.map((slug) => (
                            <Badge key={slug} className="font-mono">
                              {slug}
                            </Badge>
                          ))}
                        </span>
                      )}
                      <span className="mt-0.5 block text-ink-3 text-sm">
                        {key.rights.map((right) => t(`keys.rights.${right}`)).join(", ")}
                      </span>
                    </Cell>
                    <Cell className="whitespace-nowrap text-ink-2 text-sm tnum">
                      <Rates limits={key.limits} />
                    </Cell>
                    <Cell>
                      <KeyUsage name={key.name} today={key.today} limits={key.limits} />
                    </Cell>
                    <Cell end className="whitespace-nowrap text-ink-2">
                      {key.lastUsedAt ? ago(key.lastUsedAt) : t("keys.never")}
                    </Cell>
                    <Cell end className="whitespace-nowrap text-ink-2">
                      {key.expiresAt === undefined ? (
                        t("keys.never")
                      ) : key.expiresAt < Date.now() ? (
                        <Badge tone="bad">{t("keys.expired")}</Badge>
                      ) : (
                        date(key.expiresAt)
                      )}
                    </Cell>
                    <Cell end className="whitespace-nowrap">
                      <IconButton
                        icon={SlidersHorizontal}
                        size="sm"
                        side="left"
                        label={t("keys.change", { name: key.name })}
                        onClick={() => setChanging(key)}
                      />
                      <IconButton
                        icon={Trash2}
                        size="sm"
                        side="left"
                        danger
                        label={t("keys.revoke", { name: key.name })}
                        onClick={() => setDoomed(key)}
                      />
                    </Cell>
                  </Row>
                ))}
              </tbody>
            </Table>
          )
        }
      </Loaded>
      {creating && <KeyPanel onClose={() => setCreating(false)} />}
      {changing && <KeyPanel known={changing} onClose={() => setChanging(undefined)} />}
      <ConfirmDialog
        open={doomed !== undefined}
        onClose={() => setDoomed(undefined)}
        title={t("keys.revokeTitle", { name: doomed?.name })}
        description={t("keys.revokeLead")}
        confirm={t("keys.revokeButton")}
        busy={revoke.isPending}
        onConfirm={() => doomed && revoke.mutate(doomed)}
      />
    </Page>
  );
}

/** The key's own limits on calls per minute, concurrent runs and concurrent streams. */
function Rates({ limits = {} }: { limits?: KeyLimits }) {
  const { t } = useTranslation("settings");
  const { callsPerMinute, liveRuns, openStreams } = limits;
  const rates = [
    callsPerMinute === undefined ? "" : t("keys.rate.calls", { count: callsPerMinute, shown: number(callsPerMinute) }),
    liveRuns === undefined ? "" : t("keys.rate.runs", { count: liveRuns, shown: number(liveRuns) }),
    openStreams === undefined ? "" : t("keys.rate.streams", { count: openStreams, shown: number(openStreams) }),
  ].filter(Boolean);
  if (rates.length === 0) return <span className="text-ink-3">{t("keys.rate.none")}</span>;
  return rates.map((rate) => (
    <span key={rate} className="block">
      {rate}
    </span>
  ));
}

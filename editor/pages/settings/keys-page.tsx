import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { KeySquare, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api.ts";
import type { AgentKey } from "../../api-types.ts";
import { ago, date } from "../../i18n/format.ts";
import { Page } from "../../shell/page.tsx";
import { Loaded, useErrorWords } from "../../shell/query-state.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { ConfirmDialog } from "../../ui/dialog.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { Cell, Head, HeadCell, Row, Table } from "../../ui/table.tsx";
import { toast } from "../../ui/toast.tsx";
import { KEYS_KEY, KeyPanel } from "./key-panel.tsx";
import { SettingsTabs } from "./settings-page.tsx";

export function KeysPage() {
  const { t } = useTranslation("settings");
  const client = useQueryClient();
  const words = useErrorWords();
  const keys = useQuery({ queryKey: KEYS_KEY, queryFn: ({ signal }) => api.keys.list(signal) });
  const [creating, setCreating] = useState(false);
  const [doomed, setDoomed] = useState<AgentKey>();
  const revoke = useMutation({
    mutationFn: (key: AgentKey) => api.keys.delete(key.id),
    onSuccess: (_, key) => toast({ title: t("keys.revoked", { name: key.name }) }),
    onError: (error) => {
      const { title, detail } = words(error);
      toast({ tone: "bad", title, detail });
    },
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
                <HeadCell>{t("keys.column.name")}</HeadCell>
                <HeadCell>{t("keys.column.key")}</HeadCell>
                <HeadCell>{t("keys.column.agents")}</HeadCell>
                <HeadCell>{t("keys.column.rights")}</HeadCell>
                <HeadCell end>{t("keys.column.used")}</HeadCell>
                <HeadCell end>{t("keys.column.expires")}</HeadCell>
                <HeadCell>
                  <span className="sr-only">{t("keys.column.actions")}</span>
                </HeadCell>
              </Head>
              <tbody>
                {list.map((key) => (
                  <Row key={key.id}>
                    <Cell className="whitespace-nowrap font-medium">{key.name}</Cell>
                    <Cell className="font-mono text-ink-3">{key.prefix}…</Cell>
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
                    </Cell>
                    <Cell className="whitespace-nowrap text-ink-2">
                      {key.rights.map((right) => t(`keys.rights.${right}`)).join(", ")}
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
                    <Cell end>
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
      <ConfirmDialog
        open={doomed !== undefined}
        onOpenChange={(open) => !open && setDoomed(undefined)}
        title={t("keys.revokeTitle", { name: doomed?.name })}
        description={t("keys.revokeLead")}
        confirm={t("keys.revokeButton")}
        busy={revoke.isPending}
        onConfirm={() => doomed && revoke.mutate(doomed)}
      />
    </Page>
  );
}

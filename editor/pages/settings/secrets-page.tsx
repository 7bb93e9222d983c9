import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { KeyRound, Pencil, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearch } from "wouter";
import { api } from "../../api/api.ts";
import { FormDialog } from "../../shell/form-dialog.tsx";
import { Page } from "../../shell/page.tsx";
import { Loaded, useErrorToast } from "../../shell/query-state.tsx";
import { UsedBy } from "../../shell/used-by.tsx";
import { Button } from "../../ui/button.tsx";
import { ConfirmDialog } from "../../ui/dialog.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Field } from "../../ui/field.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { Input } from "../../ui/input.tsx";
import { ActionsHead, Cell, Head, HeadCell, Row, Table } from "../../ui/table.tsx";
import { Time } from "../../ui/time.tsx";
import { toast } from "../../ui/toast.tsx";
import { SettingsTabs } from "./settings-page.tsx";

const KEY = ["secrets"];
const NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,127}$/;

export function SecretsPage() {
  const { t } = useTranslation(["settings", "common"]);
  const client = useQueryClient();
  const toastError = useErrorToast();
  const secrets = useQuery({ queryKey: KEY, queryFn: ({ signal }) => api.secrets.list(signal) });
  /** The name of the secret being edited; empty for a new one. A link can name one that is not set yet. */
  const [editing, setEditing] = useState(new URLSearchParams(useSearch()).get("set") ?? undefined);
  const [doomed, setDoomed] = useState<string>();
  const remove = useMutation({
    mutationFn: (name: string) => api.secrets.delete(name),
    onSuccess: (_, name) => toast({ title: t("secrets.deleted", { name }) }),
    onError: toastError,
    onSettled: () => {
      setDoomed(undefined);
      void client.invalidateQueries({ queryKey: KEY });
    },
  });
  const add = (
    <Button variant="solid" icon={Plus} onClick={() => setEditing("")}>
      {t("secrets.add")}
    </Button>
  );
  return (
    <Page
      crumbs={[{ label: t("title"), href: "/settings" }, { label: t("tabs.secrets") }]}
      title={t("tabs.secrets")}
      lead={t("secrets.lead")}
      tabs={<SettingsTabs current="secrets" />}
      actions={secrets.data?.length ? add : undefined}
    >
      <Loaded query={secrets}>
        {(list) =>
          list.length === 0 ? (
            <EmptyState icon={KeyRound} title={t("secrets.empty")} actions={add}>
              {t("secrets.emptyLead")}
            </EmptyState>
          ) : (
            <Table label={t("tabs.secrets")}>
              <Head>
                <HeadCell>{t("common:name")}</HeadCell>
                <HeadCell>{t("secrets.column.ends")}</HeadCell>
                <HeadCell end>{t("secrets.column.changed")}</HeadCell>
                <ActionsHead />
              </Head>
              <tbody>
                {list.map((secret) => (
                  <Row key={secret.name}>
                    <Cell className="w-full font-medium font-mono">{secret.name}</Cell>
                    <Cell className="font-mono text-ink-3">{secret.last4 ? `•••• ${secret.last4}` : "••••"}</Cell>
                    <Cell end className="whitespace-nowrap text-ink-2">
                      <Time at={secret.updatedAt} />
                    </Cell>
                    <Cell end>
                      <span className="flex justify-end">
                        <IconButton
                          icon={Pencil}
                          size="sm"
                          side="left"
                          label={t("secrets.replace", { name: secret.name })}
                          onClick={() => setEditing(secret.name)}
                        />
                        <IconButton
                          icon={Trash2}
                          size="sm"
                          side="left"
                          danger
                          label={t("secrets.delete", { name: secret.name })}
                          onClick={() => setDoomed(secret.name)}
                        />
                      </span>
                    </Cell>
                  </Row>
                ))}
              </tbody>
            </Table>
          )
        }
      </Loaded>
      {editing !== undefined && (
        <SecretPanel
          name={editing}
          isSet={secrets.data?.some(({ name }) => name === editing) ?? false}
          onClose={() => setEditing(undefined)}
        />
      )}
      <ConfirmDialog
        open={doomed !== undefined}
        onClose={() => setDoomed(undefined)}
        title={t("secrets.deleteTitle", { name: doomed })}
        description={t("secrets.deleteLead")}
        confirm={t("common:delete")}
        busy={remove.isPending}
        onConfirm={() => doomed && remove.mutate(doomed)}
      >
        {doomed && <UsedBy kind="secret" name={doomed} />}
      </ConfirmDialog>
    </Page>
  );
}

function SecretPanel({
  name: known,
  isSet,
  onClose,
}: {
  /** Empty for a new one. */
  name: string;
  isSet: boolean;
  onClose(): void;
}) {
  const { t } = useTranslation(["settings", "common"]);
  const client = useQueryClient();
  const [name, setName] = useState(known);
  const [value, setValue] = useState("");
  const invalid = name !== "" && !NAME.test(name);
  const ready = NAME.test(name) && value !== "";
  const save = useMutation({
    mutationFn: () => api.secrets.set(name, value),
    onSuccess: () => {
      for (const queryKey of [KEY, ["tools"], ["mcp-servers"]]) void client.invalidateQueries({ queryKey });
      toast({ title: t("secrets.saved", { name }) });
      onClose();
    },
  });
  return (
    <FormDialog
      side
      onClose={onClose}
      title={known ? t(isSet ? "secrets.replaceTitle" : "secrets.setTitle", { name: known }) : t("secrets.add")}
      submit={t("common:save")}
      mutation={save}
      disabled={!ready}
      onSubmit={() => save.mutate()}
    >
      {!known && (
        <Field label={t("common:name")} help={t("secrets.nameHelp")} error={invalid && t("secrets.nameError")}>
          <Input value={name} onChange={(event) => setName(event.target.value)} mono placeholder="WEATHER_KEY" />
        </Field>
      )}
      {known && <UsedBy kind="secret" name={known} />}
      <Field label={t("secrets.value")} help={t("secrets.valueHelp")}>
        <Input
          type="password"
          autoComplete="new-password"
          value={value}
          onChange={(event) => setValue(event.target.value)}
          mono
        />
      </Field>
    </FormDialog>
  );
}

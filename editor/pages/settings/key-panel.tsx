import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { AgentKey } from "../../../server/contract/key.ts";
import { api } from "../../api/api.ts";
import { date } from "../../i18n/format.ts";
import { ErrorNotice } from "../../shell/query-state.tsx";
import { Button } from "../../ui/button.tsx";
import { CodeBlock } from "../../ui/code-block.tsx";
import { SidePanel } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { Form } from "../../ui/form.tsx";
import { Input } from "../../ui/input.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Segmented } from "../../ui/segmented.tsx";
import { Select } from "../../ui/select.tsx";
import { Checkbox } from "../../ui/switch.tsx";
import { toast } from "../../ui/toast.tsx";
import { useAgents } from "../home/use-agents.ts";
import { bodyOf, DAYS, type Expiry, faultsOf, formOf, type KeyForm, LIMITS } from "./key-form.ts";

export const KEYS_KEY = ["keys"];

/** Creates an agent key and shows it once; with `known`, edits a key. */
export function KeyPanel({ known, onClose }: { known?: AgentKey; onClose(): void }) {
  const { t } = useTranslation(["settings", "common"]);
  const client = useQueryClient();
  const [form, setForm] = useState(() => formOf(known));
  const [shown, setShown] = useState(false);
  const faults = faultsOf(form);
  const save = useMutation({
    mutationFn: async (): Promise<{ key?: string; warnings?: string[] }> => {
      const { expiresAt, ...body } = bodyOf(form, Date.now());
      return known
        ? api.keys.change(known.id, { ...body, ...(expiresAt !== undefined && { expiresAt }) })
        : api.keys.create({ ...body, ...(typeof expiresAt === "number" && { expiresAt }) });
    },
    onSuccess(saved) {
      void client.invalidateQueries({ queryKey: KEYS_KEY });
      if (!known) return;
      toast({ title: t("keys.changed", { name: form.name.trim() }) });
      if (!saved.warnings) onClose();
    },
  });
  const submit = () => {
    setShown(true);
    if (faults.size === 0) save.mutate();
  };
  const { data } = save;
  return (
    <SidePanel
      onClose={onClose}
      title={known ? t("keys.changeTitle", { name: known.name }) : t("keys.createTitle")}
      footer={
        data ? (
          <Button variant="solid" onClick={onClose}>
            {t("keys.done")}
          </Button>
        ) : (
          <Button variant="solid" busy={save.isPending} onClick={submit}>
            {known ? t("common:save") : t("keys.create")}
          </Button>
        )
      }
    >
      {data ? (
        <div className="flex flex-col gap-4">
          {data.key !== undefined && (
            <>
              <Notice tone="warn" title={t("keys.onceTitle")}>
                {t("keys.onceLead")}
              </Notice>
              <CodeBlock code={data.key} wrap />
            </>
          )}
          {data.warnings && (
            <Notice tone="warn" title={t("keys.unpricedTitle")}>
              {t("keys.unpricedLead")}
              <span className="mt-2 block text-ink-3">{data.warnings.join(" ")}</span>
            </Notice>
          )}
        </div>
      ) : (
        <Form className="flex flex-col gap-5" onSubmit={submit}>
          <KeyFields form={form} onChange={setForm} known={known} faults={shown ? faults : new Set()} />
          {save.isError && <ErrorNotice error={save.error} />}
        </Form>
      )}
    </SidePanel>
  );
}

function KeyFields({
  form,
  onChange,
  known,
  faults,
}: {
  form: KeyForm;
  onChange(form: KeyForm): void;
  known?: AgentKey;
  faults: ReturnType<typeof faultsOf>;
}) {
  const { t } = useTranslation(["settings", "templates", "common"]);
  const agents = useAgents();
  const published = (agents.data ?? []).flatMap((agent) => agent.slug ?? []);
  // Includes chosen agents that are no longer published.
  const slugs = [...new Set([...published, ...form.chosen])];
  const set = (change: Partial<KeyForm>) => onChange({ ...form, ...change });
  const choose = (slug: string, on: boolean) => {
    const chosen = new Set(form.chosen);
    if (on) chosen.add(slug);
    else chosen.delete(slug);
    set({ chosen });
  };
  const expiries: Expiry[] = [...(known?.expiresAt === undefined ? [] : ["keep" as const]), ...EXPIRIES];
  return (
    <>
      <Field
        label={t("common:name")}
        help={t("keys.nameHelp")}
        error={faults.has("name") && t("templates:nameMissing")}
      >
        <Input value={form.name} onChange={(event) => set({ name: event.target.value })} />
      </Field>
      <Field label={t("keys.which")} error={faults.has("agents") && t("keys.noneChosen")}>
        <Segmented
          label={t("keys.which")}
          value={form.which}
          onChange={(which) => set({ which })}
          options={[
            { value: "all", label: t("keys.all") },
            { value: "some", label: t("keys.some") },
          ]}
        />
      </Field>
      {slugs.length === 0 ? (
        <p className="text-ink-3">{t("keys.noPublished")}</p>
      ) : (
        form.which === "some" && (
          <div className="flex flex-col gap-2">
            {slugs.map((slug) => (
              <Checkbox key={slug} checked={form.chosen.has(slug)} onChange={(on) => choose(slug, on)}>
                <span className="font-mono">{slug}</span>
              </Checkbox>
            ))}
          </div>
        )
      )}
      <Checkbox checked={form.answer} onChange={(answer) => set({ answer })}>
        {t("keys.answer")}
        <span className="block text-ink-3 text-sm">{t("keys.answerHelp")}</span>
      </Checkbox>
      <Field label={t("keys.expires")}>
        <Select
          value={form.expiry}
          onChange={(expiry) => set({ expiry })}
          options={expiries.map((one) => ({
            value: one,
            label: one === "keep" ? t("keys.expiry.keep", { date: date(known!.expiresAt!) }) : t(`keys.expiry.${one}`),
          }))}
        />
      </Field>
      <fieldset className="flex flex-col gap-4 border-line border-t pt-5">
        <legend className="sr-only">{t("keys.limits")}</legend>
        <div>
          <p aria-hidden className="font-medium">
            {t("keys.limits")}
          </p>
          <p className="mt-0.5 text-ink-3 text-sm">{t("keys.limitsHelp")}</p>
        </div>
        <div className="grid grid-cols-2 gap-x-4 gap-y-4 max-sm:grid-cols-1">
          {LIMITS.map((name) => (
            <Field
              key={name}
              label={t(`keys.limit.${name}`)}
              help={name === "costUsdPerDay" ? t("keys.costHelp") : undefined}
              error={faults.has(name) && t(name === "costUsdPerDay" ? "keys.limitMoney" : "keys.limitWhole")}
            >
              <Input
                inputMode={name === "costUsdPerDay" ? "decimal" : "numeric"}
                className="tnum"
                placeholder={t("keys.unlimited")}
                value={form.limits[name]}
                onChange={(event) => set({ limits: { ...form.limits, [name]: event.target.value } })}
              />
            </Field>
          ))}
        </div>
      </fieldset>
    </>
  );
}

const EXPIRIES = Object.keys(DAYS) as (keyof typeof DAYS)[];

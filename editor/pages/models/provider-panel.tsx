import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ArrowLeft, ChevronRight, Cloud, ExternalLink, HardDrive, Plug } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { ModelCard, Provider } from "../../../server/contract/model.ts";
import { api } from "../../api/api.ts";
import { ErrorNotice } from "../../shell/query-state.tsx";
import { UsedBy } from "../../shell/used-by.tsx";
import { Button } from "../../ui/button.tsx";
import { CodeBlock } from "../../ui/code-block.tsx";
import { SidePanel } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { Form } from "../../ui/form.tsx";
import { Input, Textarea } from "../../ui/input.tsx";
import { Select } from "../../ui/select.tsx";
import { Spinner } from "../../ui/spinner.tsx";
import { freeId, PLACEHOLDER, PRESETS, type Preset, secretName } from "./presets.ts";
import { faultsOf, formOf, formOfPreset, NO_FALLBACK, type ProviderForm, providerOf } from "./provider-form.ts";
import { Suggestion, TestResult } from "./test-result.tsx";
import { MODELS_KEY } from "./use-models.ts";

const OTHER: Preset = { id: "provider", name: "", kind: "openai-compatible", baseUrl: "", key: "needed" };

/** Adds a provider (first its preset, then its form) or edits one. Saving also tests it and shows its capabilities. */
export function ProviderPanel({
  provider,
  providers,
  models,
  onClose,
}: {
  /** The provider to edit; absent to add one. */
  provider?: Provider;
  providers: Provider[];
  models: ModelCard[];
  onClose(): void;
}) {
  const { t } = useTranslation("models");
  const client = useQueryClient();
  const [preset, setPreset] = useState<Preset>();
  const [form, setForm] = useState<ProviderForm | undefined>(provider && formOf(provider));
  const [shown, setShown] = useState(false);
  /** The provider as stored: a failed test leaves one that the next save corrects. */
  const [stored, setStored] = useState(provider);
  const taken = new Set(
    providers.filter((one) => one.id !== stored?.id).flatMap(({ id, aliases = [] }) => [id, ...aliases]),
  );

  const save = useMutation({
    mutationFn: async (values: ProviderForm) => {
      const next = providerOf(values, stored);
      // The key is stored first, so that a provider never refers to a secret that does not exist.
      if (values.key.trim() && next.apiKey) await api.secrets.set(next.apiKey.secret, values.key.trim());
      return await (stored ? api.models.update(stored.id, next) : api.models.save(next));
    },
    onSuccess: (saved) => {
      setStored(saved);
      // The key is stored; what is in the field now is a new one.
      setForm((form) => form && { ...form, key: "" });
      void client.invalidateQueries({ queryKey: MODELS_KEY });
      test.mutate(saved.id);
    },
  });
  const test = useMutation({
    mutationFn: (id: string) => api.models.test(id),
    onSettled: () => client.invalidateQueries({ queryKey: MODELS_KEY }),
  });

  const choose = (chosen: Preset) => {
    setPreset(chosen);
    setForm(formOfPreset(chosen, freeId(chosen.id, taken)));
    save.reset();
    test.reset();
  };

  const faults = form ? faultsOf(form, taken, preset) : {};
  const submit = () => {
    setShown(true);
    if (form && Object.keys(faults).length === 0) save.mutate(form);
  };
  const finished = test.data?.ok === true;
  const applied = (changed: Provider) => {
    setStored(changed);
    setForm(formOf(changed));
  };

  return (
    <SidePanel
      onClose={onClose}
      title={provider ? t("panel.editTitle", { id: provider.id }) : t("add")}
      description={form ? undefined : t("panel.choose")}
      footer={
        form && (
          <>
            {!stored && (
              <Button variant="ghost" icon={ArrowLeft} className="mr-auto" onClick={() => setForm(undefined)}>
                {t("panel.change")}
              </Button>
            )}
            <Button variant={finished ? "outline" : "solid"} busy={save.isPending || test.isPending} onClick={submit}>
              {t("panel.save")}
            </Button>
            {finished && (
              <Button variant="solid" onClick={onClose}>
                {t("panel.done")}
              </Button>
            )}
          </>
        )
      }
    >
      {form ? (
        <Form onSubmit={submit}>
          {preset?.note && <p className="text-ink-2">{t(`preset.${preset.note}`)}</p>}
          {preset?.command && <CodeBlock label={t("panel.firstRun")} code={preset.command} wrap />}
          <ProviderFields
            form={form}
            onChange={(change) => setForm({ ...form, ...change })}
            idFault={shown && faults.id ? t(faults.id === "bad" ? "panel.idError" : "panel.idTaken") : undefined}
            urlFault={
              shown && faults.baseUrl
                ? t(faults.baseUrl === "bad" ? "panel.urlError" : "panel.urlPlaceholder", { what: PLACEHOLDER })
                : undefined
            }
            modelsFault={shown && faults.models ? t("panel.modelsMissing") : undefined}
            stored={stored}
            preset={preset}
            models={models}
          />
          {provider && <UsedBy kind="provider" name={provider.id} />}
          <div aria-live="polite" className="flex flex-col gap-3 empty:hidden">
            {save.isError && <ErrorNotice error={save.error} />}
            {test.isPending && (
              <p className="flex items-center gap-2 text-ink-2">
                <Spinner /> {t("panel.saved")}
              </p>
            )}
            {test.isError && <ErrorNotice error={test.error} onRetry={() => stored && test.mutate(stored.id)} />}
            {test.data && <TestResult test={test.data} />}
            {test.data && stored && <Suggestion provider={stored} test={test.data} onApplied={applied} />}
          </div>
        </Form>
      ) : (
        <PresetList onChoose={choose} />
      )}
    </SidePanel>
  );
}

function PresetList({ onChoose }: { onChoose(preset: Preset): void }) {
  const { t } = useTranslation("models");
  const group = (title: string, presets: readonly Preset[], icon: typeof Cloud) => (
    <div className="flex flex-col gap-1.5">
      <h3 className="font-semibold text-2xs text-ink-3">{title}</h3>
      {presets.map((preset) => (
        <PresetButton
          key={preset.id}
          name={preset.name}
          hint={preset.baseUrl}
          icon={icon}
          onClick={() => onChoose(preset)}
        />
      ))}
    </div>
  );
  return (
    <div className="flex flex-col gap-5">
      {group(
        t("panel.local"),
        PRESETS.filter((preset) => preset.local),
        HardDrive,
      )}
      {group(
        t("panel.hosted"),
        PRESETS.filter((preset) => !preset.local),
        Cloud,
      )}
      <PresetButton name={t("panel.other")} hint={t("panel.otherHint")} icon={Plug} onClick={() => onChoose(OTHER)} />
    </div>
  );
}

function PresetButton({
  name,
  hint,
  icon: Icon,
  onClick,
}: {
  name: string;
  hint: string;
  icon: typeof Cloud;
  onClick(): void;
}) {
  return (
    <button
      type="button"
      onClick={onClick}
      className="flex items-center gap-3 rounded-lg border border-line bg-surface px-3 py-2 text-left transition-colors hover:border-ink-3"
    >
      <Icon size={16} aria-hidden className="text-ink-2" />
      <span className="min-w-0 flex-1">
        <span className="block font-medium">{name}</span>
        <span className="block truncate text-ink-3 text-sm">{hint}</span>
      </span>
      <ChevronRight size={16} aria-hidden className="text-ink-3" />
    </button>
  );
}

function ProviderFields({
  form,
  onChange,
  idFault,
  urlFault,
  modelsFault,
  stored,
  preset,
  models,
}: {
  form: ProviderForm;
  onChange(change: Partial<ProviderForm>): void;
  idFault?: string;
  urlFault?: string;
  modelsFault?: string;
  stored?: Provider;
  preset?: Preset;
  models: ModelCard[];
}) {
  const { t } = useTranslation(["models", "common"]);
  const keyName = stored?.apiKey?.secret ?? secretName(form.id || "provider");
  const set = (key: keyof ProviderForm) => (event: { target: { value: string } }) =>
    onChange({ [key]: event.target.value });
  return (
    <>
      <Field label={t("panel.id")} help={t("panel.idHelp", { id: form.id || "name" })} error={idFault}>
        <Input value={form.id} onChange={set("id")} mono />
      </Field>
      <Field label={t("panel.url")} help={t("panel.urlHelp")} error={urlFault}>
        <Input
          value={form.baseUrl}
          onChange={set("baseUrl")}
          placeholder="http://127.0.0.1:8000/v1"
          inputMode="url"
          mono
        />
      </Field>
      <Field
        label={t("panel.key")}
        optional={preset?.key === "needed" && preset.keyUrl ? undefined : t("common:optional")}
        help={stored?.apiKey ? t("panel.keyKept", { name: keyName }) : t("panel.keyHelp", { name: keyName })}
        hint={
          preset?.keyUrl && (
            <a
              href={preset.keyUrl}
              target="_blank"
              rel="noreferrer"
              className="inline-flex items-center gap-1 text-accent hover:underline"
            >
              {t("panel.keyGet")} <ExternalLink size={12} aria-hidden />
            </a>
          )
        }
      >
        <Input
          type="password"
          autoComplete="new-password"
          value={form.key}
          onChange={set("key")}
          placeholder={stored?.apiKey ? "••••••••" : undefined}
          mono
        />
      </Field>
      <Field
        label={t("panel.models")}
        optional={preset?.needsModels ? undefined : t("common:optional")}
        help={t(preset?.needsModels ? "panel.modelsNeeded" : "panel.modelsHelp")}
        error={modelsFault}
      >
        <Textarea value={form.models} onChange={set("models")} rows={2} placeholder="qwen3:8b" mono />
      </Field>
      <details className="group rounded-lg border border-line">
        <summary className="flex list-none items-center gap-2 px-3 py-2 font-medium">
          <ChevronRight size={14} aria-hidden className="transition-transform group-open:rotate-90" />
          {t("panel.advanced")}
        </summary>
        <div className="flex flex-col gap-4 border-line border-t px-3 py-3">
          <p className="text-ink-3 text-sm">{t("panel.advancedHelp")}</p>
          <Field label={t("panel.format")}>
            <Select
              value={form.format}
              onChange={(format) => onChange({ format })}
              options={[
                { value: "auto", label: t("panel.formatAuto") },
                { value: "native", label: t("panel.formatNative") },
                { value: "hermes", label: t("panel.formatHermes") },
                { value: "react", label: t("panel.formatReact") },
                { value: "modelscope", label: t("panel.formatModelscope") },
              ]}
            />
          </Field>
          <div className="grid grid-cols-2 gap-3">
            <Field label={t("panel.context")}>
              <Input
                value={form.contextTokens}
                onChange={set("contextTokens")}
                inputMode="numeric"
                placeholder="32768"
              />
            </Field>
            <Field label={t("panel.output")}>
              <Input value={form.outputTokens} onChange={set("outputTokens")} inputMode="numeric" placeholder="4096" />
            </Field>
            <Field label={t("panel.priceIn")}>
              <Input value={form.priceIn} onChange={set("priceIn")} inputMode="decimal" placeholder="0.50" />
            </Field>
            <Field label={t("panel.priceOut")}>
              <Input value={form.priceOut} onChange={set("priceOut")} inputMode="decimal" placeholder="1.50" />
            </Field>
          </div>
          <Field label={t("panel.fallback")}>
            <Select
              value={form.fallback}
              onChange={(fallback) => onChange({ fallback })}
              options={[
                { value: NO_FALLBACK, label: t("panel.fallbackNone") },
                ...models
                  .filter((model) => model.provider !== form.id && !model.demo && !model.embeds)
                  .map((model) => ({ value: model.name, label: model.name })),
              ]}
            />
          </Field>
        </div>
      </details>
    </>
  );
}

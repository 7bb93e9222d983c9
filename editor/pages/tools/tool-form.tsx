import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Effect } from "../../../runtime/tool.ts";
import { api } from "../../api/api.ts";
import { SchemaEditor } from "../../fields/schema-builder.tsx";
import { ErrorNotice } from "../../shell/query-state.tsx";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { Form } from "../../ui/form.tsx";
import { Input, Textarea } from "../../ui/input.tsx";
import { Segmented } from "../../ui/segmented.tsx";
import { Select } from "../../ui/select.tsx";
import { toast } from "../../ui/toast.tsx";
import { type DraftFaults, faultsOf, type ToolDraft, toolOf } from "./tool-draft.ts";
import { TOOLS_KEY } from "./use-tools.ts";

const METHODS = (["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] as const).map((method) => ({
  value: method,
  label: method,
}));

/** The form of an HTTP request or of code as a tool: a new one, or `draft.stored` to change it. */
export function ToolForm({ draft: start, onSaved }: { draft: ToolDraft; onSaved(): void }) {
  const { t } = useTranslation(["tools", "common"]);
  const client = useQueryClient();
  const [draft, setDraft] = useState(start);
  const [schemaFault, setSchemaFault] = useState(false);
  const { kind, stored } = draft;
  const [shown, setShown] = useState(false);
  const save = useMutation({
    mutationFn: () => (stored ? api.tools.change(toolOf(draft)) : api.tools.save(toolOf(draft))),
    onSuccess: (tool) => {
      void client.invalidateQueries({ queryKey: TOOLS_KEY });
      toast({ title: t("import.saved", { name: tool.name }) });
      onSaved();
    },
  });
  const faults: DraftFaults = shown ? faultsOf(draft) : {};
  const set = (key: keyof ToolDraft) => (event: { target: { value: string } }) =>
    setDraft({ ...draft, [key]: event.target.value });
  return (
    <Form
      onSubmit={() => {
        setShown(true);
        if (Object.keys(faultsOf(draft)).length === 0 && !schemaFault) save.mutate();
      }}
    >
      {!stored && (
        <Field label={t("import.name")} help={t("import.nameHelp")} error={faults.name && t("import.nameError")}>
          <Input
            value={draft.name}
            onChange={set("name")}
            mono
            placeholder={kind === "http" ? "weather" : "word_count"}
          />
        </Field>
      )}
      <Field
        label={t("import.summary")}
        help={t("import.summaryHelp")}
        error={faults.summary && t("import.summaryError")}
      >
        <Input
          value={draft.summary}
          onChange={set("summary")}
          placeholder={t("import.summaryPlaceholder")}
          spellCheck
        />
      </Field>
      <section aria-label={t("import.parameters")} className="flex flex-col gap-2">
        <h3 className="font-medium text-ink-2 text-sm">{t("import.parameters")}</h3>
        <SchemaEditor
          label={t("import.parameters")}
          value={draft.parameters}
          set={(parameters) => setDraft((before) => ({ ...before, parameters }))}
          onFault={setSchemaFault}
        />
      </section>
      {kind === "http" ? (
        <>
          <div className="grid grid-cols-[110px_1fr] gap-3">
            <Field label={t("import.method")}>
              <Select value={draft.method} onChange={(method) => setDraft({ ...draft, method })} options={METHODS} />
            </Field>
            <Field label={t("import.url")} error={faults.url && t("import.urlError")}>
              <Input value={draft.url} onChange={set("url")} mono inputMode="url" />
            </Field>
          </div>
          <p className="-mt-2 text-ink-3 text-sm">
            {t("import.urlHelp", { example: "https://api.example.com/weather/{{city}}" })}
          </p>
          <Field
            label={t("import.headers")}
            optional={t("common:optional")}
            help={t("import.headersHelp", { example: "Authorization: Bearer {{secret:WEATHER_KEY}}" })}
            error={faults.headers && t("import.headerError", { line: faults.headers.line })}
          >
            <Textarea value={draft.headers} onChange={set("headers")} rows={2} mono />
          </Field>
          {draft.method !== "GET" && draft.method !== "HEAD" && (
            <Field label={t("import.body")} optional={t("common:optional")} help={t("import.bodyHelp")}>
              <Textarea value={draft.body} onChange={set("body")} rows={4} mono placeholder={'{ "city": {{city}} }'} />
            </Field>
          )}
        </>
      ) : (
        <>
          <Field label={t("import.source")} help={t("import.sourceHelp")}>
            <Textarea value={draft.source} onChange={set("source")} rows={8} mono />
          </Field>
          <Field label={t("import.timeout")}>
            <Input value={draft.timeoutMs} onChange={set("timeoutMs")} inputMode="numeric" className="w-32" />
          </Field>
        </>
      )}
      <Field label={t("effectLabel")} help={t(`effectHelp.${draft.effect}`)}>
        <Segmented
          label={t("effectLabel")}
          value={draft.effect}
          onChange={(effect) => setDraft({ ...draft, effect })}
          options={Effect.options.map((effect) => ({ value: effect, label: t(`effect.${effect}`) }))}
        />
      </Field>
      {save.isError && <ErrorNotice error={save.error} />}
      <div>
        <Button type="submit" variant="solid" busy={save.isPending}>
          {t("import.save")}
        </Button>
      </div>
    </Form>
  );
}

import { useTranslation } from "react-i18next";
import type { Budget, Settings } from "../../runtime/graph.ts";
import type { Approval } from "../../runtime/tool.ts";
import { BudgetField } from "../fields/budget-field.tsx";
import { ListField } from "../fields/list-field.tsx";
import { setAbout, setSettings } from "../graph/commands.ts";
import { useDocument, useGraph, useWorkbench } from "../hooks/use-workbench.ts";
import { Field } from "../ui/field.tsx";
import { Input, Textarea } from "../ui/input.tsx";
import { Segmented } from "../ui/segmented.tsx";
import { Select } from "../ui/select.tsx";
import { More } from "./parts.tsx";

/** The agent's settings, shown when no node is selected. */
export function AgentForm() {
  const { t } = useTranslation("panels");
  const { apply, document } = useWorkbench();
  const name = useGraph((graph) => graph.name);
  const description = useGraph((graph) => graph.description);
  const settings = useGraph((graph) => graph.settings);
  const disabled = useDocument((state) => state.frozen);
  const set = (change: Partial<Settings>) => apply(setSettings(change));
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: leaving a field ends its undo step
    <div className="flex flex-col gap-4 px-4 py-4" onBlur={() => document.seal()}>
      <Field label={t("agentName")}>
        <Input
          value={name}
          maxLength={200}
          disabled={disabled}
          onChange={(event) => apply(setAbout({ name: event.target.value }))}
        />
      </Field>
      <Field label={t("agentDescription")} help={t("agentDescriptionHelp")}>
        <Textarea
          rows={2}
          value={description}
          disabled={disabled}
          onChange={(event) => apply(setAbout({ description: event.target.value }))}
        />
      </Field>
      <Field label={t("greeting")} help={t("greetingHelp")}>
        <Textarea
          rows={2}
          value={settings.greeting}
          disabled={disabled}
          onChange={(event) => set({ greeting: event.target.value })}
        />
      </Field>
      <Field label={t("suggestions")} help={t("suggestionsHelp")}>
        <ListField<string>
          slim
          items={settings.suggestions}
          set={(suggestions) => set({ suggestions })}
          fresh={() => ""}
          add={t("addSuggestion")}
          itemLabel={(item, index) => item || String(index + 1)}
          disabled={disabled}
          max={12}
        >
          {(item, change) => (
            <Textarea
              rows={1}
              className="block !resize-none leading-snug"
              aria-label={t("suggestion")}
              value={item}
              maxLength={500}
              disabled={disabled}
              onChange={(event) => change(event.target.value.replaceAll("\n", " "))}
            />
          )}
        </ListField>
      </Field>
      <Field label={t("language")} help={t("languageHelp")}>
        <Segmented
          label={t("language")}
          value={settings.language}
          onChange={(language) => !disabled && set({ language })}
          options={[
            { value: "auto", label: t("languages.auto") },
            { value: "en", label: t("languages.en") },
            { value: "zh", label: t("languages.zh") },
          ]}
        />
      </Field>
      <More label={t("limits")} note={Object.keys(settings.budget).length > 0 ? t("set") : undefined}>
        <p className="text-ink-3 text-sm">{t("limitsHelp")}</p>
        <BudgetField
          node=""
          type=""
          name="budget"
          value={settings.budget}
          hint={{ widget: "budget" }}
          schema={{}}
          config={{}}
          label={t("limits")}
          disabled={disabled}
          set={(budget) => set({ budget: budget as Budget })}
          setKey={() => undefined}
        />
      </More>
      <More label={t("approvals")} note={Object.keys(settings.approvals).length > 0 ? t("set") : undefined}>
        <p className="text-ink-3 text-sm">{t("approvalsHelp")}</p>
        <Approvals value={settings.approvals} set={(approvals) => set({ approvals })} disabled={disabled} />
      </More>
      <More label={t("hosted")} note={settings.systemText === "refuse" ? t("set") : undefined}>
        <Field label={t("systemText")} help={t("systemTextHelp")}>
          <Segmented
            label={t("systemText")}
            value={settings.systemText ?? "ignore"}
            onChange={(next) => !disabled && set({ systemText: next === "refuse" ? "refuse" : undefined })}
            options={[
              { value: "ignore", label: t("systemTexts.ignore") },
              { value: "refuse", label: t("systemTexts.refuse") },
            ]}
          />
        </Field>
      </More>
    </div>
  );
}

type Line = [tool: string, approval: Approval];

function Approvals({
  value,
  set,
  disabled,
}: {
  value: Record<string, Approval>;
  set(next: Record<string, Approval>): void;
  disabled: boolean;
}) {
  const { t } = useTranslation("panels");
  const lines = Object.entries(value) as Line[];
  return (
    <ListField<Line>
      items={lines}
      set={(next) => set(Object.fromEntries(next))}
      fresh={() => [`builtin/tool_${lines.length + 1}`, "ask"]}
      add={t("addApproval")}
      itemLabel={([tool]) => tool}
      disabled={disabled}
      max={200}
    >
      {([tool, approval], change) => (
        <div className="flex gap-1.5">
          <Input
            mono
            className="min-w-0 flex-1"
            aria-label={t("approvalTool")}
            value={tool}
            disabled={disabled}
            onChange={(event) => change([event.target.value, approval])}
          />
          <Select<Approval>
            className="!w-28"
            label={t("approvals")}
            value={approval}
            disabled={disabled}
            onChange={(next) => change([tool, next])}
            options={(["auto", "ask", "off"] as const).map((one) => ({
              value: one,
              label: t(`approvals.${one}`, { ns: "fields" }),
            }))}
          />
        </div>
      )}
    </ListField>
  );
}

import { useTranslation } from "react-i18next";
import { Field } from "../../ui/field.tsx";
import { Select } from "../../ui/select.tsx";
import { useModels } from "../models/use-models.ts";

export const NO_EMBEDDER = "none";

/** The embedding model for semantic search, or none. */
export function EmbedderField({ value, onChange }: { value: string; onChange(value: string): void }) {
  const { t } = useTranslation("knowledge");
  const models = useModels();
  const names = new Set((models.data?.models ?? []).filter((model) => model.embeds).map((model) => model.name));
  if (models.data?.embedder) names.add(models.data.embedder);
  if (value !== NO_EMBEDDER) names.add(value);
  return (
    <Field label={t("embedder")} help={value === NO_EMBEDDER ? undefined : t("embedderHelp")}>
      <Select
        value={value}
        onChange={onChange}
        options={[
          { value: NO_EMBEDDER, label: t("embedderNone"), hint: t("embedderNoneHint") },
          ...[...names].map((name) => ({ value: name, label: name })),
        ]}
      />
    </Field>
  );
}

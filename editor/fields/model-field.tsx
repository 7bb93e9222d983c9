import { Cpu } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useCatalogue } from "../hooks/use-workbench.ts";
import * as format from "../i18n/format.ts";
import { defaultModel, type ModelEntry, modelEntry } from "../session/catalogue.ts";
import { Badge } from "../ui/badge.tsx";
import { Select, type SelectOption } from "../ui/select.tsx";
import { type FieldProps, textOf } from "./field-props.ts";

/** Selects a model and shows its capabilities. A model that is not configured stays selected. */
export function ModelField({ value, set, disabled, label }: FieldProps) {
  const { t } = useTranslation("fields");
  const catalogue = useCatalogue((state) => state);
  const name = textOf(value) || "default";
  const chosen = modelEntry(catalogue, name);
  const standing = defaultModel(catalogue);
  const options: SelectOption[] = [
    { value: "default", label: t("model.default"), hint: standing?.name, icon: Cpu },
    ...catalogue.models.map((model) => ({
      value: model.name,
      label: model.name,
      hint: model.demo
        ? t("model.demo")
        : abilities(model)
            .map((one) => t(`model.${one}`))
            .join(" · "),
      icon: Cpu,
    })),
  ];
  if (!options.some((option) => option.value === name))
    options.push({
      value: name,
      label: name,
      hint: chosen ? t("model.renamed", { name: chosen.name }) : t("model.missing"),
      icon: Cpu,
    });
  return (
    <div className="flex flex-col gap-1.5">
      <Select value={name} onChange={set} options={options} label={label} disabled={disabled} />
      {chosen ? (
        <p className="flex flex-wrap items-center gap-x-1.5 gap-y-1 text-sm">
          {chosen.demo ? <Badge tone="warn">{t("model.demo")}</Badge> : null}
          <span className={chosen.demo ? "text-ink-3" : "text-ok"}>
            {[
              ...abilities(chosen).map((one) => t(`model.${one}`)),
              t("model.context", { tokens: format.contextSize(chosen.profile.contextTokens) }),
            ].join(" · ")}
          </span>
        </p>
      ) : (
        catalogue.known && <p className="text-bad text-sm">{t("model.missing")}</p>
      )}
      {(!chosen || chosen.demo) && (
        <Link href="/models" className="self-start rounded-sm text-accent text-sm hover:underline">
          {t("model.add")}
        </Link>
      )}
    </div>
  );
}

function abilities(model: ModelEntry) {
  const { nativeTools, vision, structured } = model.profile;
  return [
    nativeTools ? ("tools" as const) : ("toolsByPrompt" as const),
    ...(vision ? (["vision"] as const) : []),
    ...(structured ? (["structured"] as const) : []),
  ];
}

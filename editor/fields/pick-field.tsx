import { BookOpenText, Bot } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useCatalogue, useWorkbench } from "../hooks/use-workbench.ts";
import { Select, type SelectOption } from "../ui/select.tsx";
import { type FieldProps, textOf } from "./field-props.ts";

/** Selects knowledge bases. */
export function KnowledgeField({ value, set, disabled, label }: FieldProps) {
  const { t } = useTranslation("fields");
  const knowledge = useCatalogue((state) => state.knowledge);
  const given = textOf(value);
  const known = knowledge.find((one) => one.name === given || one.aliases?.includes(given));
  const name = known?.name ?? given;
  const options: SelectOption[] = knowledge.map((one) => ({
    value: one.name,
    label: one.name,
    hint: t("documents", { count: one.documents }),
    icon: BookOpenText,
  }));
  if (name && !known) options.push({ value: name, label: name, hint: t("notFound"), icon: BookOpenText });
  return (
    <div className="flex flex-col gap-1.5">
      {options.length > 0 && (
        <Select
          value={name || undefined}
          onChange={set}
          options={options}
          placeholder={t("chooseKnowledge")}
          label={label}
          disabled={disabled}
        />
      )}
      <Link
        href={known ? `/knowledge/${encodeURIComponent(name)}` : "/knowledge"}
        className="self-start rounded-sm text-accent text-sm hover:underline"
      >
        {options.length === 0 ? t("createKnowledge") : t("openKnowledge")}
      </Link>
    </div>
  );
}

/** Selects an agent. An agent cannot call itself. */
export function AgentField({ value, set, disabled, label }: FieldProps) {
  const { t } = useTranslation("fields");
  const { id } = useWorkbench();
  const agents = useCatalogue((state) => state.agents).filter((agent) => agent.id !== id);
  const name = textOf(value);
  const known = agents.find((agent) => agent.id === name || agent.slug === name);
  const options: SelectOption[] = agents.map((agent) => ({
    value: agent.id === name ? agent.id : (agent.slug ?? agent.id),
    label: agent.name,
    hint: agent.slug ?? t("notPublished"),
    icon: Bot,
  }));
  if (name && !known) options.push({ value: name, label: name, hint: t("notFound"), icon: Bot });
  if (options.length === 0) return <p className="text-ink-3">{t("noOtherAgent")}</p>;
  return (
    <div className="flex flex-col gap-1.5">
      <Select
        value={name || undefined}
        onChange={set}
        options={options}
        placeholder={t("chooseAgent")}
        label={label}
        disabled={disabled}
      />
      {known && (
        <Link
          href={`/agents/${encodeURIComponent(known.id)}`}
          className="self-start rounded-sm text-accent text-sm hover:underline"
        >
          {t("openAgent")}
        </Link>
      )}
    </div>
  );
}

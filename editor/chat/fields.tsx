import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Field as Declared } from "../../runtime/field.ts";
import { jsonOrText } from "../graph/output-texts.ts";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";

/** Kinds that a person can type. Programs supply the others. */
const WRITABLE: ReadonlySet<string> = new Set(["text", "json", "any"]);

export interface Filled {
  declared: readonly Declared[];
  texts: Readonly<Record<string, string>>;
  /** Values in the form that the agent accepts. */
  values: Record<string, unknown>;
  /** Names of required fields that are empty. */
  missing: string[];
  set(name: string, text: string): void;
}

/** The agent's input fields besides the message. The values are kept for the next message. */
export function useFields(fields: readonly Declared[], before: Record<string, string> = {}): Filled {
  const [texts, setTexts] = useState(before);
  const declared = fields.filter((field) => WRITABLE.has(field.kind));
  const filled = declared.filter((field) => texts[field.name]?.trim());
  return {
    declared,
    texts,
    values: Object.fromEntries(
      filled.map(({ name, kind }) => [name, kind === "text" ? texts[name] : jsonOrText(texts[name]!)]),
    ),
    missing: declared.flatMap((field) => (field.required && !texts[field.name]?.trim() ? field.name : [])),
    set: (name, text) => setTexts((before) => ({ ...before, [name]: text })),
  };
}

export function FieldsForm({
  fields,
  asked,
}: {
  fields: Filled;
  /** Sending was tried: empty required fields show an error. */
  asked: boolean;
}) {
  const { t } = useTranslation("chat");
  if (fields.declared.length === 0) return null;
  return (
    <div className="grid max-h-48 gap-2 overflow-y-auto border-line border-b p-3 sm:grid-cols-2">
      {fields.declared.map(({ name, required }) => (
        <Field
          key={name}
          label={name}
          optional={required ? undefined : t("optional", { ns: "common" })}
          error={asked && fields.missing.includes(name) && t("fieldMissing")}
        >
          <Input value={fields.texts[name] ?? ""} onChange={(event) => fields.set(name, event.target.value)} />
        </Field>
      ))}
    </div>
  );
}

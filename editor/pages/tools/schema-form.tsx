import { useTranslation } from "react-i18next";
import { Field } from "../../ui/field.tsx";
import { Input, Textarea } from "../../ui/input.tsx";
import { Select } from "../../ui/select.tsx";
import { type Fault, type SchemaField, typedFor } from "./schema-values.ts";

/** A field for each argument of `fieldsOf`. `typed` holds the entered texts by name. */
export function SchemaForm({
  fields,
  typed,
  faults,
  onChange,
}: {
  fields: readonly SchemaField[];
  typed: Readonly<Record<string, string>>;
  /** Shown at the fields; empty until the first attempt to send. */
  faults: Readonly<Record<string, Fault>>;
  onChange(name: string, text: string): void;
}) {
  const { t } = useTranslation(["tools", "common"]);
  return fields.map((field) => {
    const fault = Object.hasOwn(faults, field.name) ? faults[field.name] : undefined;
    return (
      <Field
        key={field.name}
        label={<span className="font-mono">{field.label}</span>}
        optional={field.required ? undefined : t("common:optional")}
        help={field.description}
        error={fault && t(`error.${fault}`)}
        hint={field.kind === "list" ? t("onePerLine") : field.kind === "json" ? "JSON" : undefined}
      >
        <Widget field={field} text={typedFor(field, typed)} onChange={(text) => onChange(field.name, text)} />
      </Field>
    );
  });
}

const UNSET = "unset";

function Widget({ field, text, onChange }: { field: SchemaField; text: string; onChange(text: string): void }) {
  const { t } = useTranslation(["tools", "common"]);
  if (field.kind === "choice" || field.kind === "boolean") {
    const choices =
      field.kind === "choice"
        ? field.choices!.map((choice) => ({ value: choice, label: choice }))
        : [
            { value: "true", label: t("yes") },
            { value: "false", label: t("no") },
          ];
    return (
      <Select
        value={text === "" ? (field.required ? undefined : UNSET) : text}
        onChange={(choice) => onChange(choice === UNSET ? "" : choice)}
        placeholder={t("choose")}
        options={field.required ? choices : [{ value: UNSET, label: t("leftOut") }, ...choices]}
      />
    );
  }
  if (field.kind === "longtext" || field.kind === "list" || field.kind === "json")
    return (
      <Textarea
        value={text}
        onChange={(event) => onChange(event.target.value)}
        placeholder={field.placeholder}
        rows={field.kind === "longtext" ? 4 : 3}
        mono={field.kind === "json"}
      />
    );
  return (
    <Input
      value={text}
      onChange={(event) => onChange(event.target.value)}
      placeholder={field.placeholder}
      inputMode={field.kind === "integer" ? "numeric" : field.kind === "number" ? "decimal" : undefined}
    />
  );
}

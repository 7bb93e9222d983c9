import { KeyRound, Plus, Type, X } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { jsonOrText } from "../graph/output-texts.ts";
import { useCatalogue } from "../hooks/use-workbench.ts";
import { Button } from "../ui/button.tsx";
import { IconButton } from "../ui/icon-button.tsx";
import { Input } from "../ui/input.tsx";
import { Select } from "../ui/select.tsx";
import { type FieldProps, recordOf, textOf } from "./field-props.ts";
import { TemplateInput } from "./template-input.tsx";

type Row = { key: string; value: unknown };

/** Names and values. A value can be a secret, which the graph stores by name only. */
export function KeyValueField({ node, name, value, set, schema, hint, disabled, label }: FieldProps) {
  const { t } = useTranslation("fields");
  // Rows are kept as typed, because two rows can have the same name for a moment, which the document cannot represent.
  const [rows, setRows] = useState<Row[]>(() => toRows(value));
  const written = JSON.stringify(toRecord(rows));
  const shown = written === JSON.stringify(recordOf(value)) ? rows : toRows(value);
  const secrets = takesSecret(schema);
  const change = (next: Row[]) => {
    setRows(next);
    set(toRecord(next));
  };
  const edit = (index: number, more: Partial<Row>) =>
    change(shown.map((row, at) => (at === index ? { ...row, ...more } : row)));
  return (
    <div className="flex flex-col gap-1.5">
      {shown.map((row, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a name being typed cannot identify its row
        // biome-ignore lint/a11y/useSemanticElements: a fieldset would need a visible legend
        <div key={index} role="group" aria-label={row.key || label} className="flex items-center gap-1">
          <Input
            mono
            className="min-w-0 flex-1"
            aria-label={t("key")}
            placeholder={t("key")}
            value={row.key}
            disabled={disabled}
            onChange={(event) => edit(index, { key: event.target.value })}
          />
          {isSecret(row.value) ? (
            <SecretPick
              name={row.value.secret}
              disabled={disabled}
              onChange={(secret) => edit(index, { value: { ...recordOf(row.value), secret } })}
            />
          ) : hint.templates ? (
            <TemplateInput
              mono
              node={node}
              field={name}
              className="min-w-0 flex-1"
              label={t("value")}
              placeholder={t("value")}
              value={textOf(row.value)}
              disabled={disabled}
              onChange={(text) => edit(index, { value: fromText(text, schema) })}
            />
          ) : (
            <Input
              mono
              className="min-w-0 flex-1"
              aria-label={t("value")}
              placeholder={t("value")}
              value={textOf(row.value)}
              disabled={disabled}
              onChange={(event) => edit(index, { value: fromText(event.target.value, schema) })}
            />
          )}
          {secrets && !disabled && (
            <IconButton
              size="sm"
              icon={isSecret(row.value) ? Type : KeyRound}
              label={isSecret(row.value) ? t("asText") : t("asSecret")}
              onClick={() => edit(index, { value: isSecret(row.value) ? "" : { secret: "" } })}
            />
          )}
          {!disabled && (
            <IconButton
              size="sm"
              icon={X}
              danger
              label={t("removeItem", { name: row.key })}
              onClick={() => change(shown.filter((_row, at) => at !== index))}
            />
          )}
        </div>
      ))}
      {!disabled && (
        <Button
          size="sm"
          icon={Plus}
          className="self-start"
          onClick={() => setRows([...shown, { key: "", value: "" }])}
        >
          {t("addRow")}
        </Button>
      )}
    </div>
  );
}

function SecretPick({ name, onChange, disabled }: { name: string; onChange(name: string): void; disabled: boolean }) {
  const { t } = useTranslation("fields");
  const secrets = useCatalogue((state) => state.secrets);
  const names = name && !secrets.includes(name) ? [...secrets, name] : secrets;
  if (names.length === 0)
    return (
      <Input
        mono
        className="min-w-0 flex-1"
        aria-label={t("secretName")}
        placeholder={t("secretName")}
        value={name}
        disabled={disabled}
        onChange={(event) => onChange(event.target.value)}
      />
    );
  return (
    <div className="min-w-0 flex-1">
      <Select
        value={name || undefined}
        onChange={onChange}
        placeholder={t("secretName")}
        label={t("secretName")}
        disabled={disabled}
        options={names.map((one) => ({
          value: one,
          label: one,
          icon: KeyRound,
          ...(secrets.includes(one) ? {} : { hint: t("notFound") }),
        }))}
      />
    </div>
  );
}

function isSecret(value: unknown): value is { secret: string } {
  return typeof value === "object" && value !== null && typeof (value as { secret?: unknown }).secret === "string";
}

const toRows = (value: unknown): Row[] => Object.entries(recordOf(value)).map(([key, one]) => ({ key, value: one }));
const toRecord = (rows: readonly Row[]): Record<string, unknown> =>
  Object.fromEntries(rows.filter((row) => row.key !== "").map((row) => [row.key, row.value]));

function takesSecret(schema: Record<string, unknown>): boolean {
  return JSON.stringify(schema.additionalProperties ?? "").includes('"secret"');
}

/** If the schema allows any value, numbers and JSON are parsed; otherwise the value is text. */
function fromText(text: string, schema: Record<string, unknown>): unknown {
  const takes = JSON.stringify(schema.additionalProperties ?? {});
  if (takes.includes('"type":"string"')) return text;
  if (!/^(-?\d|[[{"]|true$|false$|null$)/.test(text.trim())) return text;
  return jsonOrText(text);
}

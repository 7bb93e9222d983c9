import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { FIELD_NAME } from "../../runtime/field.ts";
import type { JsonSchema } from "../../runtime/tool.ts";
import { Input, Textarea } from "../ui/input.tsx";
import { Segmented } from "../ui/segmented.tsx";
import { Select } from "../ui/select.tsx";
import { Checkbox } from "../ui/switch.tsx";
import { freeName, ListField } from "./list-field.tsx";
import { CLOSED, freshRow, ROW_TYPES, type RowType, readRows, type SchemaRow, writeRows } from "./schema-rows.ts";

/** An object schema edited field by field. `readRows` must accept the value. */
export function SchemaBuilder({
  value,
  set,
  disabled = false,
}: {
  value: unknown;
  set(schema: JsonSchema): void;
  disabled?: boolean;
}) {
  const read = readRows(value);
  if (!read) return null;
  return <Rows rows={read.rows} set={(rows) => set(writeRows({ ...read, rows }))} disabled={disabled} />;
}

/** Fields or JSON, for a schema that is not part of a graph. Invalid JSON stays in the box and is reported. */
export function SchemaEditor({
  value,
  set,
  onFault,
  label,
}: {
  value: JsonSchema;
  set(schema: JsonSchema): void;
  /** Whether the text in the box is invalid, and so not in `value`. */
  onFault(invalid: boolean): void;
  label: string;
}) {
  const { t } = useTranslation("fields");
  const possible = readRows(value) !== undefined;
  const [asText, setAsText] = useState(!possible);
  const [typed, setTyped] = useState<string>();
  const [fault, setFault] = useState<string>();
  const text = asText || !possible;
  const type = (next: string) => {
    setTyped(next);
    try {
      const parsed: unknown = JSON.parse(next);
      if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) throw new Error(t("schemaNotObject"));
      set(parsed as JsonSchema);
      setFault(undefined);
      onFault(false);
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error));
      onFault(true);
    }
  };
  return (
    <div className="flex flex-col gap-2">
      <SchemaMode
        label={label}
        text={text}
        possible={possible && fault === undefined}
        onChange={(next) => {
          setAsText(next);
          setTyped(undefined);
        }}
      />
      {text ? (
        <>
          <Textarea
            aria-label={label}
            value={typed ?? JSON.stringify(value, null, 2)}
            onChange={(event) => type(event.target.value)}
            rows={8}
            mono
          />
          {fault !== undefined && (
            <p role="alert" className="text-bad text-sm">
              {t("jsonError", { fault })}
            </p>
          )}
        </>
      ) : (
        <SchemaBuilder value={value} set={set} />
      )}
    </div>
  );
}

/** Switches between fields and JSON. A schema that fields cannot show stays JSON. */
export function SchemaMode({
  label,
  text,
  possible,
  onChange,
}: {
  label: string;
  text: boolean;
  possible: boolean;
  onChange(text: boolean): void;
}) {
  const { t } = useTranslation("fields");
  if (!possible) return <p className="text-ink-3 text-sm">{t("schemaTextOnly")}</p>;
  return (
    <Segmented
      size="sm"
      label={t("schemaMode", { label })}
      value={text ? "json" : "fields"}
      onChange={(mode) => onChange(mode === "json")}
      className="self-start"
      options={[
        { value: "fields", label: t("schemaFields") },
        { value: "json", label: "JSON" },
      ]}
    />
  );
}

function Rows({ rows, set, disabled }: { rows: SchemaRow[]; set(rows: SchemaRow[]): void; disabled: boolean }) {
  const { t } = useTranslation("fields");
  const names = rows.map((row) => row.name);
  return (
    <ListField<SchemaRow>
      items={rows}
      set={set}
      fresh={() => freshRow(freeName("field", names))}
      add={t("addField")}
      itemLabel={(row) => row.name}
      disabled={disabled}
      max={200}
    >
      {(row, change) => (
        <div className="flex flex-col gap-1.5">
          <div className="flex gap-1.5">
            <NameInput
              name={row.name}
              taken={names}
              disabled={disabled}
              onChange={(name) => change({ ...row, name })}
            />
            <Select<RowType>
              className="!w-28"
              label={t("fieldKind")}
              value={row.type}
              disabled={disabled}
              onChange={(type) => change(retyped(row, type))}
              options={ROW_TYPES.map((type) => ({ value: type, label: t(`schemaType.${type}`) }))}
            />
          </div>
          <Input
            aria-label={t("schemaDescription")}
            placeholder={t("schemaDescription")}
            value={row.description}
            disabled={disabled}
            onChange={(event) => change({ ...row, description: event.target.value })}
          />
          {row.type === "choice" && (
            <Textarea
              aria-label={t("schemaChoices")}
              placeholder={t("schemaChoices")}
              rows={3}
              value={row.choices.join("\n")}
              disabled={disabled}
              onChange={(event) => change({ ...row, choices: event.target.value.split("\n") })}
              onBlur={() => change({ ...row, choices: row.choices.filter((one) => one.trim() !== "") })}
            />
          )}
          <div className="flex flex-wrap gap-x-4">
            <Checkbox checked={row.required} disabled={disabled} onChange={(required) => change({ ...row, required })}>
              <span className="text-ink-2 text-sm">{t("fieldRequired")}</span>
            </Checkbox>
            <Checkbox checked={row.list} disabled={disabled} onChange={(list) => change(relisted(row, list))}>
              <span className="text-ink-2 text-sm">{t("schemaList")}</span>
            </Checkbox>
          </div>
          {row.type === "object" && (
            <Rows rows={row.rows} set={(inner) => change({ ...row, rows: inner })} disabled={disabled} />
          )}
        </div>
      )}
    </ListField>
  );
}

/** Other keywords belong to the old type, and go with it. */
const retyped = (row: SchemaRow, type: RowType): SchemaRow => ({
  ...row,
  type,
  choices: [],
  rows: [],
  ...(row.list ? { itemRest: type === "object" ? CLOSED : {} } : { rest: type === "object" ? CLOSED : {} }),
});

/** The keywords of a value become those of the items, and the other way around. */
const relisted = (row: SchemaRow, list: boolean): SchemaRow => ({
  ...row,
  list,
  rest: list ? {} : row.itemRest,
  itemRest: list ? row.rest : {},
});

/** A name that is empty, invalid or taken stays in the box with its error; the field keeps the last good one. */
function NameInput({
  name,
  taken,
  disabled,
  onChange,
}: {
  name: string;
  taken: string[];
  disabled: boolean;
  onChange(name: string): void;
}) {
  const { t } = useTranslation("fields");
  const [typed, setTyped] = useState<string>();
  const errorId = useId();
  const text = typed ?? name;
  const fault =
    text === name
      ? undefined
      : !FIELD_NAME.test(text)
        ? t("nameError")
        : taken.includes(text)
          ? t("nameTaken")
          : undefined;
  return (
    <div className="min-w-0 flex-1">
      <Input
        mono
        aria-label={t("fieldName")}
        aria-invalid={fault !== undefined || undefined}
        aria-describedby={fault === undefined ? undefined : errorId}
        value={text}
        disabled={disabled}
        onChange={(event) => {
          const next = event.target.value;
          const good = FIELD_NAME.test(next) && (next === name || !taken.includes(next));
          setTyped(good ? undefined : next);
          if (good && next !== name) onChange(next);
        }}
        onBlur={() => setTyped(undefined)}
      />
      {fault !== undefined && (
        <p id={errorId} role="alert" className="mt-1 text-bad text-sm">
          {fault}
        </p>
      )}
    </div>
  );
}

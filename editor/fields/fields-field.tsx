import { useTranslation } from "react-i18next";
import { FIELD_NAME } from "../../runtime/field.ts";
import { KINDS, type Kind } from "../../runtime/port.ts";
import { useNodeWords } from "../i18n/node-words.ts";
import { Input } from "../ui/input.tsx";
import { Select } from "../ui/select.tsx";
import { Checkbox } from "../ui/switch.tsx";
import { type FieldProps, listOf } from "./field-props.ts";
import { freeName, ListField } from "./list-field.tsx";

interface Declared {
  name: string;
  kind?: Kind;
  required?: boolean;
}

/** Declared inputs or outputs; each is a port. */
export function FieldsField({ value, set, disabled }: FieldProps) {
  const { t } = useTranslation("fields");
  const words = useNodeWords();
  const items = listOf<Declared>(value);
  return (
    <ListField<Declared>
      items={items}
      set={set}
      fresh={() => ({
        name: freeName(
          "field",
          items.map((one) => one.name),
        ),
        kind: "text",
        required: false,
      })}
      add={t("addField")}
      itemLabel={(item) => item.name}
      disabled={disabled}
    >
      {(item, change) => (
        <div className="flex flex-col gap-1.5">
          <div className="flex gap-1.5">
            <Input
              mono
              className="min-w-0 flex-1"
              aria-label={t("fieldName")}
              aria-invalid={!FIELD_NAME.test(item.name) || undefined}
              value={item.name}
              disabled={disabled}
              onChange={(event) => change({ ...item, name: event.target.value })}
            />
            <Select<Kind>
              className="!w-28"
              label={t("fieldKind")}
              value={item.kind ?? "text"}
              disabled={disabled}
              onChange={(kind) => change({ ...item, kind })}
              options={KINDS.filter((kind) => kind !== "tools").map((kind) => ({
                value: kind,
                label: words.kind(kind),
              }))}
            />
          </div>
          <Checkbox
            checked={item.required !== false}
            disabled={disabled}
            onChange={(required) => change({ ...item, required })}
          >
            <span className="text-ink-2 text-sm">{t("fieldRequired")}</span>
          </Checkbox>
          {!FIELD_NAME.test(item.name) && <p className="text-bad text-sm">{t("nameError")}</p>}
        </div>
      )}
    </ListField>
  );
}

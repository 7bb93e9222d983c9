import { useTranslation } from "react-i18next";
import { Input } from "../ui/input.tsx";
import { type FieldProps, listOf, textOf } from "./field-props.ts";
import { ListField } from "./list-field.tsx";

/** A list of short texts. */
export function TextsField({ value, set, hint, disabled, label }: FieldProps) {
  const { t } = useTranslation("fields");
  const items = listOf<unknown>(value).map(textOf);
  return (
    <ListField<string>
      items={items}
      set={set}
      fresh={() => ""}
      add={t("addText")}
      itemLabel={(item) => item || label}
      disabled={disabled}
      max={hint.max}
      slim
    >
      {(item, change) => (
        <Input
          mono
          aria-label={label}
          value={item}
          disabled={disabled}
          onChange={(event) => change(event.target.value)}
        />
      )}
    </ListField>
  );
}

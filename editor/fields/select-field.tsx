import { useNodeWords } from "../i18n/node-words.ts";
import { Segmented } from "../ui/segmented.tsx";
import { Select } from "../ui/select.tsx";
import { type FieldProps, textOf } from "./field-props.ts";

/** One value of an enum in the schema. A few short values are shown side by side. */
export function SelectField({ type, value, set, schema, disabled, label }: FieldProps) {
  const words = useNodeWords();
  const values = Array.isArray(schema.enum) ? schema.enum.filter((one): one is string => typeof one === "string") : [];
  const options = values.map((one) => ({ value: one, label: words.option(type, one) }));
  if (values.length <= 4 && values.join("").length < 34 && !disabled)
    return <Segmented value={textOf(value)} onChange={set} options={options} label={label} className="w-full" />;
  return <Select value={textOf(value)} onChange={set} options={options} label={label} disabled={disabled} />;
}

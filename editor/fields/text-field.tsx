import { Input, Textarea } from "../ui/input.tsx";
import { type FieldProps, textOf } from "./field-props.ts";

export function TextField({ value, set, disabled, label }: FieldProps) {
  return (
    <Input value={textOf(value)} disabled={disabled} aria-label={label} onChange={(event) => set(event.target.value)} />
  );
}

export function TextareaField({ value, set, disabled, label }: FieldProps) {
  return (
    <Textarea
      value={textOf(value)}
      disabled={disabled}
      aria-label={label}
      rows={4}
      onChange={(event) => set(event.target.value)}
    />
  );
}

import { Check } from "lucide-react";
import { Checkbox as RadixCheckbox, Switch as RadixSwitch } from "radix-ui";
import { type ReactNode, useId } from "react";
import { cx } from "./cx.ts";
import { useFieldProps } from "./field.tsx";

/** An on/off switch that takes effect immediately. */
export function Switch({
  checked,
  onChange,
  label,
  disabled,
}: {
  checked: boolean;
  onChange(checked: boolean): void;
  /** The accessible name; not needed inside a `Field`. */
  label?: string;
  disabled?: boolean;
}) {
  const field = useFieldProps();
  return (
    <RadixSwitch.Root
      {...field}
      checked={checked}
      onCheckedChange={onChange}
      aria-label={label}
      disabled={disabled}
      className="relative h-4.5 w-8 shrink-0 rounded-full bg-line-strong transition-colors data-[state=checked]:bg-ink disabled:opacity-50"
    >
      <RadixSwitch.Thumb className="block size-3.5 translate-x-0.5 rounded-full bg-surface shadow-card transition-transform data-[state=checked]:translate-x-4" />
    </RadixSwitch.Root>
  );
}

/** A checkbox with its label beside it. */
export function Checkbox({
  checked,
  onChange,
  disabled,
  className,
  children,
}: {
  checked: boolean | "indeterminate";
  onChange(checked: boolean): void;
  disabled?: boolean;
  className?: string;
  children: ReactNode;
}) {
  const id = useId();
  return (
    <label htmlFor={id} className={cx("flex cursor-pointer items-start gap-2", disabled && "opacity-50", className)}>
      <RadixCheckbox.Root
        id={id}
        checked={checked}
        onCheckedChange={(next) => onChange(next === true)}
        disabled={disabled}
        className="mt-px flex size-4 shrink-0 items-center justify-center rounded-xs border border-line-strong bg-surface text-surface transition-colors hover:border-ink-3 data-[state=checked]:border-ink data-[state=checked]:bg-ink"
      >
        <RadixCheckbox.Indicator>
          <Check size={12} strokeWidth={2.6} />
        </RadixCheckbox.Indicator>
      </RadixCheckbox.Root>
      <span className="min-w-0">{children}</span>
    </label>
  );
}

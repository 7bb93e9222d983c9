import { type LucideIcon, Search } from "lucide-react";
import type { ComponentProps, ReactNode } from "react";
import { cx } from "./cx.ts";
import { useFieldProps } from "./field.tsx";

export const inputClass =
  "rounded-md border border-line-strong bg-surface px-2.5 text-ink transition-colors hover:border-ink-3 focus:border-accent focus:outline-2 focus:outline-offset-0 focus:outline-accent/25 disabled:opacity-55 aria-invalid:border-bad";

const hasWidth = (className: string | undefined) => /(^| )(w|flex)-/.test(className ?? "");

/** A single-line text field. Inside a `Field` it gets its label, help and error from there. */
export function Input({
  icon: Icon,
  trailing,
  mono,
  className,
  ...rest
}: { icon?: LucideIcon; trailing?: ReactNode; mono?: boolean } & ComponentProps<"input">) {
  const field = useFieldProps();
  const input = (
    <input
      {...field}
      autoComplete="off"
      spellCheck={false}
      className={cx(
        inputClass,
        (Icon !== undefined || Boolean(trailing) || !hasWidth(className)) && "w-full",
        "h-8",
        Icon && "pl-8",
        trailing ? "pr-10" : undefined,
        mono && "font-mono",
        !Icon && !trailing && className,
      )}
      {...rest}
    />
  );
  if (!Icon && !trailing) return input;
  return (
    <span className={cx("relative block", className)}>
      {Icon && (
        <Icon
          size={16}
          aria-hidden
          className="-translate-y-1/2 pointer-events-none absolute top-1/2 left-2.5 text-ink-3"
        />
      )}
      {input}
      {trailing && <span className="-translate-y-1/2 absolute top-1/2 right-1.5 flex items-center">{trailing}</span>}
    </span>
  );
}

/** A search box that filters the content below it. `label` is the accessible name and the placeholder. */
export function SearchInput({
  value,
  onChange,
  label,
  className,
  ...rest
}: { value: string; onChange(value: string): void; label: string } & Omit<
  ComponentProps<"input">,
  "value" | "onChange"
>) {
  return (
    <Input
      type="search"
      icon={Search}
      aria-label={label}
      placeholder={label}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      className={className}
      {...rest}
    />
  );
}

/** A multi-line text field. Starts with `rows` lines and grows with its text, up to a part of the window. */
export function Textarea({ mono, className, rows = 3, ...rest }: { mono?: boolean } & ComponentProps<"textarea">) {
  const field = useFieldProps();
  return (
    <textarea
      {...field}
      rows={rows}
      style={{ minHeight: `calc(${rows} * 1lh + 14px)` }}
      spellCheck={!mono}
      className={cx(
        inputClass,
        !hasWidth(className) && "w-full",
        "field-sizing-content max-h-[40vh] resize-y py-1.5 leading-relaxed",
        mono && "font-mono text-sm",
        className,
      )}
      {...rest}
    />
  );
}

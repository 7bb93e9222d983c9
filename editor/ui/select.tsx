import { Check, ChevronDown, type LucideIcon } from "lucide-react";
import { Select as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { cx } from "./cx.ts";
import { useFieldProps } from "./field.tsx";

export interface SelectOption<V extends string = string> {
  value: V;
  label: ReactNode;
  /** A second line, or text on the right: the effect of the choice. */
  hint?: ReactNode;
  icon?: LucideIcon;
  disabled?: boolean;
}

/**
 * A dropdown. Values can be any text except the empty one. Options can be in named groups. For more than about twenty
 * options use a search field instead.
 */
export function Select<V extends string>({
  value,
  onChange,
  options,
  groups,
  placeholder,
  label,
  size = "md",
  disabled,
  className,
}: {
  value: V | undefined;
  onChange(value: NoInfer<V>): void;
  options?: SelectOption<V>[];
  groups?: { label: string; options: SelectOption<V>[] }[];
  placeholder?: string;
  /** The accessible name; not needed inside a `Field`. */
  label?: string;
  size?: "sm" | "md";
  disabled?: boolean;
  className?: string;
}) {
  const field = useFieldProps();
  return (
    <Radix.Root value={value ?? ""} onValueChange={(next) => onChange(next as V)} disabled={disabled}>
      <Radix.Trigger
        {...field}
        aria-label={label}
        className={cx(
          "inline-flex items-center justify-between gap-2 rounded-md border border-line-strong bg-surface px-2.5 text-left text-ink transition-colors hover:border-ink-3 data-[placeholder]:text-ink-3 disabled:opacity-55",
          size === "sm" ? "h-7 text-sm" : "h-8",
          !/(^| )w-/.test(className ?? "") && "w-full",
          className,
        )}
      >
        <span className="truncate">
          <Radix.Value placeholder={placeholder} />
        </span>
        <Radix.Icon className="text-ink-3">
          <ChevronDown size={14} />
        </Radix.Icon>
      </Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          position="popper"
          sideOffset={4}
          collisionPadding={8}
          className="z-50 max-h-(--radix-select-content-available-height) min-w-(--radix-select-trigger-width) max-w-96 overflow-hidden rounded-lg border border-line bg-raised shadow-float animate-rise"
        >
          <Radix.Viewport className="p-1">
            {options?.map((option) => (
              <Option key={option.value} option={option} />
            ))}
            {groups?.map((group) => (
              <Radix.Group key={group.label}>
                <Radix.Label className="px-2 pt-2 pb-1 font-semibold text-2xs text-ink-3">{group.label}</Radix.Label>
                {group.options.map((option) => (
                  <Option key={option.value} option={option} />
                ))}
              </Radix.Group>
            ))}
          </Radix.Viewport>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

function Option({ option }: { option: SelectOption }) {
  const Icon = option.icon;
  return (
    <Radix.Item
      value={option.value}
      disabled={option.disabled}
      className="flex cursor-pointer items-center gap-2 rounded-md py-1.5 pr-2 pl-2 text-base outline-none data-[disabled]:opacity-45 data-[highlighted]:bg-hover"
    >
      {Icon && <Icon size={16} aria-hidden className="text-ink-2" />}
      <span className="min-w-0 flex-1">
        <Radix.ItemText>{option.label}</Radix.ItemText>
        {option.hint && <span className="block text-ink-3 text-sm">{option.hint}</span>}
      </span>
      <span className="w-4 shrink-0">
        <Radix.ItemIndicator>
          <Check size={14} />
        </Radix.ItemIndicator>
      </span>
    </Radix.Item>
  );
}

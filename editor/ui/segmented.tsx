import type { LucideIcon } from "lucide-react";
import { ToggleGroup } from "radix-ui";
import type { ReactNode } from "react";
import { cx } from "./cx.ts";

/** Two to five choices side by side; exactly one is selected. */
export function Segmented<V extends string>({
  value,
  onChange,
  options,
  label,
  size = "md",
  className,
}: {
  value: V;
  onChange(value: NoInfer<V>): void;
  options: { value: V; label: ReactNode; icon?: LucideIcon; title?: string }[];
  label: string;
  size?: "sm" | "md";
  className?: string;
}) {
  return (
    <ToggleGroup.Root
      type="single"
      value={value}
      onValueChange={(next) => next && onChange(next as V)}
      aria-label={label}
      className={cx(
        "inline-flex max-w-full rounded-md border border-line bg-hover p-0.5",
        !/w-full/.test(className ?? "") && "self-start",
        className,
      )}
    >
      {options.map((option) => {
        const Icon = option.icon;
        return (
          <ToggleGroup.Item
            key={option.value}
            value={option.value}
            title={option.title}
            className={cx(
              "inline-flex flex-auto items-center justify-center gap-1.5 whitespace-nowrap rounded-sm border border-transparent text-ink-2 transition-colors hover:text-ink",
              "data-[state=on]:border-line data-[state=on]:bg-surface data-[state=on]:font-medium data-[state=on]:text-ink data-[state=on]:shadow-card",
              size === "sm" ? "h-5.5 px-2 text-sm" : "h-6.5 px-2.5 text-base",
            )}
          >
            {Icon && <Icon size={14} aria-hidden />}
            {option.label}
          </ToggleGroup.Item>
        );
      })}
    </ToggleGroup.Root>
  );
}

import type { LucideIcon } from "lucide-react";
import type { ComponentProps } from "react";
import { cx } from "./cx.ts";
import { Spinner } from "./spinner.tsx";
import { Tooltip } from "./tooltip.tsx";

/** An icon button. `label` is its tooltip and accessible name. */
export function IconButton({
  icon: Icon,
  label,
  keys,
  size = "md",
  side,
  pressed,
  busy,
  danger,
  className,
  ...rest
}: {
  icon: LucideIcon;
  label: string;
  keys?: string[];
  size?: "sm" | "md";
  side?: "top" | "right" | "bottom" | "left";
  /** Makes it a toggle button. */
  pressed?: boolean;
  busy?: boolean;
  danger?: boolean;
} & Omit<ComponentProps<"button">, "children">) {
  return (
    <Tooltip label={label} keys={keys} side={side}>
      <button
        type="button"
        aria-label={label}
        aria-pressed={pressed}
        disabled={busy || rest.disabled}
        className={cx(
          "inline-flex shrink-0 items-center justify-center rounded-md border border-transparent transition-colors",
          "disabled:opacity-40 disabled:pointer-events-none",
          danger
            ? "text-ink-2 hover:bg-bad/10 hover:text-bad"
            : "text-ink-2 hover:bg-hover hover:text-ink active:bg-press",
          pressed && "bg-accent-soft text-accent hover:bg-accent-soft hover:text-accent",
          size === "sm" ? "size-6" : "size-8",
          className,
        )}
        {...rest}
      >
        {busy ? <Spinner /> : <Icon size={size === "sm" ? 14 : 16} aria-hidden />}
      </button>
    </Tooltip>
  );
}

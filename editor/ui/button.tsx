import type { LucideIcon } from "lucide-react";
import type { ComponentProps, ReactNode } from "react";
import { Link } from "wouter";
import { cx } from "./cx.ts";
import { Kbd } from "./kbd.tsx";
import { Spinner } from "./spinner.tsx";

export type ButtonVariant = "solid" | "outline" | "soft" | "ghost" | "danger";
export type ButtonSize = "sm" | "md" | "lg";

const VARIANT: Record<ButtonVariant, string> = {
  solid: "bg-ink text-surface hover:bg-ink/88 active:bg-ink/80 border-transparent",
  outline: "bg-surface text-ink border-line-strong hover:bg-hover active:bg-press",
  soft: "bg-hover text-ink border-transparent hover:bg-press",
  ghost: "text-ink-2 border-transparent hover:bg-hover hover:text-ink active:bg-press",
  danger: "bg-surface text-bad border-bad/45 hover:bg-bad/8 active:bg-bad/14",
};
const SIZE: Record<ButtonSize, string> = {
  sm: "h-7 px-2.5 gap-1.5 text-sm rounded-md",
  md: "h-8 px-3 gap-2 text-base rounded-md",
  lg: "h-10 px-4 gap-2 text-md rounded-lg",
};

/** The classes of a button, for an anchor or label that looks like one. */
export function buttonClass(variant: ButtonVariant = "outline", size: ButtonSize = "md", className?: string): string {
  return cx(
    "inline-flex shrink-0 items-center justify-center whitespace-nowrap border font-medium transition-colors select-none",
    "disabled:opacity-50 disabled:pointer-events-none aria-disabled:opacity-50 aria-disabled:pointer-events-none",
    VARIANT[variant],
    SIZE[size],
    className,
  );
}

interface Looks {
  variant?: ButtonVariant;
  size?: ButtonSize;
  icon?: LucideIcon;
  /** A shortcut shown after the label, such as `["mod", "enter"]`. */
  keys?: string[];
}

export interface ButtonProps extends Looks, ComponentProps<"button"> {
  /** Replaces the icon with a spinner and disables further clicks. */
  busy?: boolean;
}

/** `solid` is the one primary button of a page; `outline` is the default; `ghost` is for rows of buttons. */
export function Button({
  variant,
  size,
  icon: Icon,
  keys,
  busy,
  className,
  children,
  type,
  disabled,
  ...rest
}: ButtonProps) {
  return (
    <button
      type={type ?? "button"}
      className={buttonClass(variant, size, className)}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      {...rest}
    >
      {busy ? <Spinner className="text-current" /> : Icon && <Icon size={16} aria-hidden />}
      {children}
      {keys && <Kbd keys={keys} />}
    </button>
  );
}

/** A link that looks like a button. */
export function LinkButton({
  href,
  variant,
  size,
  icon: Icon,
  className,
  children,
  ...rest
}: Looks & { href: string; className?: string; children: ReactNode } & Omit<ComponentProps<"a">, "href">) {
  return (
    <Link href={href} className={buttonClass(variant, size, className)} {...rest}>
      {Icon && <Icon size={16} aria-hidden />}
      {children}
    </Link>
  );
}

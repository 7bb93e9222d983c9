import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { cx } from "./cx.ts";

export type Tone =
  | "neutral"
  | "accent"
  | "ok"
  | "warn"
  | "bad"
  | "text"
  | "json"
  | "messages"
  | "documents"
  | "files"
  | "tools"
  | "any";

/** The text colour of a tone. Tailwind needs complete class names. */
export const TONE_TEXT: Record<Tone, string> = {
  neutral: "text-ink-2",
  accent: "text-accent",
  ok: "text-ok",
  warn: "text-warn",
  bad: "text-bad",
  text: "text-kind-text",
  json: "text-kind-json",
  messages: "text-kind-messages",
  documents: "text-kind-documents",
  files: "text-kind-files",
  tools: "text-kind-tools",
  any: "text-kind-any",
};
/** The soft background of a tone with its text colour. */
export const TONE_SOFT: Record<Tone, string> = {
  neutral: "bg-hover text-ink-2",
  accent: "bg-accent-soft text-accent",
  ok: "bg-ok-soft text-ok",
  warn: "bg-warn-soft text-warn",
  bad: "bg-bad-soft text-bad",
  text: "bg-kind-text/10 text-kind-text",
  json: "bg-kind-json/11 text-kind-json",
  messages: "bg-kind-messages/10 text-kind-messages",
  documents: "bg-kind-documents/11 text-kind-documents",
  files: "bg-kind-files/9 text-kind-files",
  tools: "bg-kind-tools/10 text-kind-tools",
  any: "bg-kind-any/12 text-kind-any",
};
/** The tone as a background, for dots and bars. */
export const TONE_FILL: Record<Tone, string> = {
  neutral: "bg-ink-3",
  accent: "bg-accent",
  ok: "bg-ok",
  warn: "bg-warn",
  bad: "bg-bad",
  text: "bg-kind-text",
  json: "bg-kind-json",
  messages: "bg-kind-messages",
  documents: "bg-kind-documents",
  files: "bg-kind-files",
  tools: "bg-kind-tools",
  any: "bg-kind-any",
};

/** A word or number that qualifies the element beside it. `dot` shows a live state. */
export function Badge({
  tone = "neutral",
  icon: Icon,
  dot,
  pulse,
  title,
  className,
  children,
}: {
  tone?: Tone;
  icon?: LucideIcon;
  dot?: boolean;
  pulse?: boolean;
  title?: string;
  className?: string;
  children: ReactNode;
}) {
  return (
    <span
      title={title}
      className={cx(
        "inline-flex shrink-0 items-center gap-1.5 whitespace-nowrap rounded-full px-2 py-0.5 font-medium text-xs tnum",
        TONE_SOFT[tone],
        className,
      )}
    >
      {dot && <span aria-hidden className={cx("size-1.5 rounded-full", TONE_FILL[tone], pulse && "animate-breathe")} />}
      {Icon && <Icon size={12} aria-hidden />}
      {children}
    </span>
  );
}

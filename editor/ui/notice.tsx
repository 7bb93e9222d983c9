import { CircleAlert, CircleCheck, Info, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { cx } from "./cx.ts";

const LOOK = {
  info: { icon: Info, ink: "text-accent", ground: "border-accent/25 bg-accent-soft" },
  ok: { icon: CircleCheck, ink: "text-ok", ground: "border-ok/25 bg-ok-soft" },
  warn: { icon: TriangleAlert, ink: "text-warn", ground: "border-warn/30 bg-warn-soft" },
  bad: { icon: CircleAlert, ink: "text-bad", ground: "border-bad/30 bg-bad-soft" },
} as const;

/** An inline message: what happened, and below it how to fix it. */
export function Notice({
  tone = "info",
  title,
  actions,
  className,
  children,
}: {
  tone?: keyof typeof LOOK;
  title?: ReactNode;
  actions?: ReactNode;
  className?: string;
  children?: ReactNode;
}) {
  const { icon: Icon, ink, ground } = LOOK[tone];
  return (
    <div
      role={tone === "bad" ? "alert" : undefined}
      className={cx("flex gap-2.5 rounded-lg border px-3 py-2.5", ground, className)}
    >
      <Icon size={16} aria-hidden className={cx("mt-px", ink)} />
      <div className="min-w-0 flex-1">
        {title && <p className="font-medium">{title}</p>}
        {children && <div className={cx("break-words", title ? "mt-0.5 text-ink-2" : undefined)}>{children}</div>}
        {actions && <div className="mt-2 flex flex-wrap gap-2">{actions}</div>}
      </div>
    </div>
  );
}

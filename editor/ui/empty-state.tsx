import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { cx } from "./cx.ts";

/** An empty list or page: says what belongs here and offers the next step. */
export function EmptyState({
  icon: Icon,
  title,
  children,
  actions,
  className,
  page,
}: {
  icon: LucideIcon;
  title: ReactNode;
  children?: ReactNode;
  actions?: ReactNode;
  className?: string;
  /** It is the only content of the page. */
  page?: boolean;
}) {
  const Heading = page ? "h1" : "h2";
  return (
    <div
      className={cx(
        "flex flex-col items-center rounded-xl border border-line border-dashed px-6 py-12 text-center",
        className,
      )}
    >
      <span className="mb-3 flex size-10 items-center justify-center rounded-lg bg-hover text-ink-2">
        <Icon size={20} aria-hidden />
      </span>
      <Heading className="font-semibold text-md">{title}</Heading>
      {children && <div className="mt-1 max-w-md text-ink-2">{children}</div>}
      {actions && <div className="mt-4 flex flex-wrap justify-center gap-2">{actions}</div>}
    </div>
  );
}

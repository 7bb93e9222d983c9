import type { ReactNode } from "react";
import { cx } from "../ui/cx.ts";
import { type Crumb, TopBar } from "./top-bar.tsx";

/** A page that scrolls: its bar, a heading with a line that explains the page, and its content. */
export function Page({
  crumbs,
  title,
  lead,
  aside,
  actions,
  tabs,
  wide,
  children,
}: {
  crumbs: Crumb[];
  title: ReactNode;
  lead?: ReactNode;
  aside?: ReactNode;
  actions?: ReactNode;
  tabs?: ReactNode;
  wide?: boolean;
  children: ReactNode;
}) {
  return (
    <>
      <TopBar crumbs={crumbs} />
      <div className="h-full overflow-y-auto">
        {/* All pages have the same left edge whatever their width, so that the heading does not move between pages. */}
        <div className="mx-auto max-w-[1400px] px-8 pt-8 pb-16 max-md:px-4">
          <div className={cx("flex min-h-full flex-col", !wide && "max-w-[1016px]")}>
            <div className="mb-6 flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
              <div className="min-w-0 max-w-[88ch]">
                <h1 className="flex items-center gap-3 font-semibold text-xl tracking-tight">
                  {title}
                  {aside}
                </h1>
                {lead && <p className="mt-1 text-ink-2">{lead}</p>}
              </div>
              {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
            </div>
            {tabs && <div className="mb-6">{tabs}</div>}
            {children}
          </div>
        </div>
      </div>
    </>
  );
}

/** A section of a page with its own heading. */
export function Section({
  title,
  lead,
  actions,
  className,
  children,
}: {
  title: ReactNode;
  lead?: ReactNode;
  actions?: ReactNode;
  className?: string;
  children: ReactNode;
}) {
  return (
    <section className={cx("mb-10", className)}>
      <div className="mb-3 flex items-end justify-between gap-4">
        <div className="min-w-0">
          <h2 className="font-semibold text-md">{title}</h2>
          {lead && <p className="mt-0.5 max-w-[68ch] text-ink-2">{lead}</p>}
        </div>
        {actions && <div className="flex shrink-0 items-center gap-2">{actions}</div>}
      </div>
      {children}
    </section>
  );
}

import { createContext, type ReactNode, useContext, useEffect } from "react";
import { createPortal } from "react-dom";
import { Link } from "wouter";
import { cx } from "../ui/cx.ts";

export const TopBarSlot = createContext<HTMLElement | null>(null);

export interface Crumb {
  label: ReactNode;
  href?: string;
}

/**
 * What a page puts into the top bar: breadcrumbs (the last one is the page; pass `title` if it is not text), `aside`
 * after them (a badge, a status), and actions at the end.
 */
export function TopBar({
  crumbs,
  title,
  aside,
  actions,
}: {
  crumbs: Crumb[];
  /** The document's title; by default the text breadcrumbs. */
  title?: string;
  aside?: ReactNode;
  actions?: ReactNode;
}) {
  const slot = useContext(TopBarSlot);
  const words =
    title ??
    [...crumbs]
      .reverse()
      .flatMap((crumb) => (typeof crumb.label === "string" ? [crumb.label] : []))
      .join(" · ");
  useEffect(() => {
    document.title = words ? `${words} · Patchbay` : "Patchbay";
  }, [words]);
  if (!slot) return null;
  return createPortal(
    <>
      <ol className="flex min-w-0 items-center gap-2">
        {crumbs.map((crumb, index) => {
          const last = index === crumbs.length - 1;
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: a breadcrumb is identified by its depth
            <li key={index} className={cx("flex min-w-0 items-center gap-2", !last && "max-sm:hidden")}>
              {index > 0 && (
                <span aria-hidden className="text-ink-3 max-sm:hidden">
                  /
                </span>
              )}
              {crumb.href && !last ? (
                <Link href={crumb.href} className="truncate rounded-sm text-ink-2 text-md hover:text-ink">
                  {crumb.label}
                </Link>
              ) : (
                <span aria-current={last ? "page" : undefined} className="truncate font-semibold text-md">
                  {crumb.label}
                </span>
              )}
            </li>
          );
        })}
      </ol>
      {aside && <div className="ml-3 flex items-center gap-2 max-md:hidden">{aside}</div>}
      <div className="ml-auto flex shrink-0 items-center gap-2 pl-3">{actions}</div>
    </>,
    slot,
  );
}

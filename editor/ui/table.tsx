import type { ComponentProps, ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { cx } from "./cx.ts";

/** A table on a surface. `label` is its accessible name. */
export function Table({ label, className, children }: { label: string; className?: string; children: ReactNode }) {
  return (
    <div className={cx("overflow-x-auto rounded-xl border border-line bg-surface", className)}>
      <table aria-label={label} className="w-full border-collapse text-left">
        {children}
      </table>
    </div>
  );
}

export function Head({ children }: { children: ReactNode }) {
  return (
    <thead>
      <tr className="border-line border-b">{children}</tr>
    </thead>
  );
}

export function HeadCell({ end, className, children, ...rest }: { end?: boolean } & ComponentProps<"th">) {
  return (
    <th
      scope="col"
      className={cx(
        "whitespace-nowrap px-3 py-2 font-medium text-ink-3 text-sm first:pl-4 last:pr-4",
        end && "text-right",
        className,
      )}
      {...rest}
    >
      {children}
    </th>
  );
}

/** The head of a column of buttons. */
export function ActionsHead() {
  const { t } = useTranslation("common");
  return (
    <HeadCell>
      <span className="sr-only">{t("actions")}</span>
    </HeadCell>
  );
}

/** A row. With `onOpen` the whole row is clickable; keyboard users need a link or button inside it. */
export function Row({ onOpen, className, ...rest }: { onOpen?(): void } & ComponentProps<"tr">) {
  return (
    <tr
      onClick={
        onOpen &&
        ((event) => {
          if (!(event.target as Element).closest("a,button,input,label,[role=menu]")) onOpen();
        })
      }
      className={cx(
        "border-line border-b transition-colors last:border-b-0",
        onOpen && "cursor-pointer hover:bg-hover",
        className,
      )}
      {...rest}
    />
  );
}

export function Cell({ end, className, ...rest }: { end?: boolean } & ComponentProps<"td">) {
  return (
    <td
      className={cx("px-3 py-2.5 align-middle first:pl-4 last:pr-4", end && "text-right tnum", className)}
      {...rest}
    />
  );
}

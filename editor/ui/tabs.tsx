import { ChevronDown } from "lucide-react";
import { Tabs as Radix } from "radix-ui";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { cx } from "./cx.ts";
import { IconButton } from "./icon-button.tsx";
import { Menu } from "./menu.tsx";

const tabClass =
  "-mx-1 relative inline-flex h-9 shrink-0 items-center gap-1.5 whitespace-nowrap rounded-sm px-1 focus-visible:-outline-offset-2 text-ink-3 transition-colors hover:text-ink aria-[current=page]:font-semibold aria-[current=page]:text-ink data-[state=active]:font-semibold data-[state=active]:text-ink after:absolute after:inset-x-1 after:-bottom-px after:h-0.5 after:rounded-full after:bg-transparent aria-[current=page]:after:bg-ink data-[state=active]:after:bg-ink";

export interface Tab {
  id: string;
  label: ReactNode;
  /** A count or dot after the label. */
  badge?: ReactNode;
}

/** A row of tabs with the content of the selected one below: `children(id)`. Arrow keys move between tabs. */
export function Tabs({
  tabs,
  value,
  onChange,
  label,
  className,
  listClassName,
  barClassName,
  contentClassName,
  children,
}: {
  tabs: Tab[];
  value: string;
  onChange(id: string): void;
  label: string;
  className?: string;
  listClassName?: string;
  /** Of the row of tabs with the button that lists all of them when the row is too narrow. */
  barClassName?: string;
  contentClassName?: string;
  children: (id: string) => ReactNode;
}) {
  const list = useRef<HTMLDivElement>(null);
  const { t } = useTranslation("common");
  const [overflows, setOverflows] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: other tabs or labels have another width
  useEffect(() => {
    const row = list.current;
    if (!row) return;
    const measure = () => setOverflows(row.scrollWidth > row.clientWidth + 1);
    const observer = new ResizeObserver(measure);
    observer.observe(row);
    measure();
    return () => observer.disconnect();
  }, [tabs]);
  // Scrolls the selected tab into view if the row is too narrow.
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs whenever the selection changes
  useEffect(() => {
    list.current?.querySelector('[data-state="active"]')?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [value]);
  return (
    <Radix.Root value={value} onValueChange={onChange} className={cx("flex min-h-0 flex-col", className)}>
      <div className={cx("flex shrink-0 items-center border-line border-b", barClassName)}>
        <Radix.List
          ref={list}
          aria-label={label}
          className={cx(
            "-mb-px flex min-w-0 flex-1 gap-4 pb-px",
            overflows && "[mask-image:linear-gradient(to_right,black_calc(100%-20px),transparent)]",
            listClassName,
          )}
        >
          {tabs.map((tab) => (
            <Radix.Trigger key={tab.id} value={tab.id} className={tabClass}>
              {tab.label}
              {tab.badge}
            </Radix.Trigger>
          ))}
        </Radix.List>
        {overflows && (
          <Menu
            trigger={<IconButton size="sm" icon={ChevronDown} label={t("allTabs")} />}
            items={tabs.map((tab) => ({
              label: tab.label,
              checked: tab.id === value,
              onSelect: () => onChange(tab.id),
            }))}
          />
        )}
      </div>
      {tabs.map((tab) => (
        <Radix.Content key={tab.id} value={tab.id} className={cx("min-h-0 flex-1 outline-none", contentClassName)}>
          {tab.id === value && children(tab.id)}
        </Radix.Content>
      ))}
    </Radix.Root>
  );
}

/** Tabs that are links to pages of their own. */
export function NavTabs({
  tabs,
  current,
  label,
}: {
  tabs: (Tab & { href: string })[];
  current: string;
  label: string;
}) {
  return (
    <nav aria-label={label} className="flex gap-5 border-line border-b">
      {tabs.map((tab) => (
        <Link key={tab.id} href={tab.href} aria-current={tab.id === current ? "page" : undefined} className={tabClass}>
          {tab.label}
          {tab.badge}
        </Link>
      ))}
    </nav>
  );
}

import {
  BookText,
  ChartColumn,
  Clock3,
  Cpu,
  Inbox,
  LayoutGrid,
  LifeBuoy,
  type LucideIcon,
  PanelLeftClose,
  PanelLeftOpen,
  Settings2,
  Waypoints,
  Wrench,
} from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "wouter";
import { cx } from "../ui/cx.ts";
import { IconButton } from "../ui/icon-button.tsx";
import { setPreferences, usePreferences } from "../ui/theme.ts";
import { Tooltip } from "../ui/tooltip.tsx";
import { AppearanceMenu } from "./appearance-menu.tsx";
import { TopBarSlot } from "./top-bar.tsx";
import { MAX_WAITS, useWaits } from "./use-waits.ts";

type RailItemName =
  | "agents"
  | "templates"
  | "knowledge"
  | "tools"
  | "models"
  | "runs"
  | "inbox"
  | "usage"
  | "guides"
  | "settings";
interface RailItem {
  name: RailItemName;
  href: string;
  icon: LucideIcon;
  /** Other paths for which this link is marked as current. */
  also?: string[];
}

const RAIL_ITEMS: RailItem[] = [
  { name: "agents", href: "/", icon: Waypoints, also: ["/agents"] },
  { name: "knowledge", href: "/knowledge", icon: BookText },
  { name: "tools", href: "/tools", icon: Wrench },
  { name: "models", href: "/models", icon: Cpu },
  { name: "runs", href: "/runs", icon: Clock3, also: ["/sessions"] },
  { name: "inbox", href: "/inbox", icon: Inbox },
  { name: "usage", href: "/usage", icon: ChartColumn },
  { name: "templates", href: "/templates", icon: LayoutGrid },
];

function isCurrent(place: RailItem, path: string): boolean {
  return [place.href, ...(place.also ?? [])].some(
    (base) => path === base || (base !== "/" && path.startsWith(`${base}/`)),
  );
}

/**
 * The frame of every page: the top bar (filled by the page through `TopBar`), the navigation rail on the left, the
 * page.
 */
export function Shell({ children }: { children: ReactNode }) {
  const { t } = useTranslation("shell");
  const [path] = useLocation();
  const [slot, setSlot] = useState<HTMLElement | null>(null);
  const folded = usePreferences((state) => state.railFolded);
  // The canvas needs the width, so its page always shows the rail as icons.
  const narrow = folded || /^\/agents\/[^/]+$/.test(path);

  return (
    <TopBarSlot.Provider value={slot}>
      <a
        href="#page"
        className="-translate-y-16 fixed top-1 left-1 z-50 rounded-md bg-ink px-3 py-1.5 text-surface focus:translate-y-0"
      >
        {t("skipToContent", { ns: "common" })}
      </a>
      <div className="grid h-full grid-cols-[auto_minmax(0,1fr)] grid-rows-[46px_minmax(0,1fr)]">
        <header className="col-span-2 flex items-center border-line border-b bg-surface pr-3">
          <Link
            href="/"
            aria-label={t("product")}
            className="flex h-full w-[50px] shrink-0 items-center justify-center"
          >
            <Mark />
          </Link>
          <div ref={setSlot} className="flex min-w-0 flex-1 items-center" />
        </header>
        <nav
          aria-label={t("main")}
          className={cx(
            "flex flex-col gap-0.5 border-line border-r bg-surface p-[7px]",
            narrow ? "w-[50px]" : "w-44 max-md:w-[50px]",
          )}
        >
          {RAIL_ITEMS.map((place) => {
            const Rail = place.name === "inbox" ? InboxLink : RailLink;
            return <Rail key={place.name} place={place} narrow={narrow} here={isCurrent(place, path)} />;
          })}
          <div className="flex-1" />
          <RailLink
            place={{ name: "guides", href: "/docs", icon: LifeBuoy }}
            narrow={narrow}
            here={path === "/docs" || path.startsWith("/docs/")}
          />
          <RailLink
            place={{ name: "settings", href: "/settings", icon: Settings2 }}
            narrow={narrow}
            here={path.startsWith("/settings")}
          />
          <div className={cx("flex gap-0.5", narrow ? "flex-col" : "justify-between max-md:flex-col")}>
            <AppearanceMenu />
            {!/^\/agents\/[^/]+$/.test(path) && (
              <IconButton
                icon={folded ? PanelLeftOpen : PanelLeftClose}
                label={folded ? t("expand") : t("collapse")}
                side="right"
                aria-expanded={!folded}
                className="size-9 max-md:hidden"
                onClick={() => setPreferences({ railFolded: !folded })}
              />
            )}
          </div>
        </nav>
        <main id="page" tabIndex={-1} className="relative min-h-0 min-w-0 overflow-hidden outline-none">
          {children}
        </main>
      </div>
    </TopBarSlot.Provider>
  );
}

interface RailLinkProps {
  place: RailItem;
  narrow: boolean;
  here: boolean;
}

/** The Inbox link with the number of runs that wait for a person. */
function InboxLink(props: RailLinkProps) {
  const count = useWaits().data?.length ?? 0;
  return <RailLink {...props} count={count} />;
}

function RailLink({ place, narrow, here, count = 0 }: RailLinkProps & { count?: number }) {
  const { t } = useTranslation("shell");
  const Icon = place.icon;
  const label = count > 0 ? t("inboxCount", { count }) : t(place.name);
  const link = (
    <Link
      href={place.href}
      aria-current={here ? "page" : undefined}
      className={cx(
        "relative flex h-9 items-center gap-2.5 rounded-md transition-colors",
        narrow ? "w-9 justify-center" : "px-2.5 max-md:w-9 max-md:justify-center max-md:px-0",
        here ? "bg-accent-soft font-medium text-accent" : "text-ink-2 hover:bg-hover hover:text-ink",
      )}
    >
      <Icon size={16} aria-hidden />
      <span className="sr-only">{label}</span>
      {!narrow && (
        <span aria-hidden className="max-md:hidden">
          {t(place.name)}
        </span>
      )}
      {count > 0 && (
        <span
          aria-hidden
          className={cx(
            "min-w-4 rounded-full bg-warn px-1 text-center font-semibold text-2xs text-surface leading-4 tnum",
            narrow ? "absolute top-0.5 right-0.5" : "ml-auto max-md:absolute max-md:top-0.5 max-md:right-0.5",
          )}
        >
          {count >= MAX_WAITS ? `${MAX_WAITS}+` : count}
        </span>
      )}
    </Link>
  );
  return narrow ? (
    <Tooltip label={label} side="right">
      {link}
    </Tooltip>
  ) : (
    link
  );
}

/** The logo: two ports and a cable. */
export function Mark({ size = 24 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" aria-hidden>
      <rect width="24" height="24" rx="6" fill="var(--ink)" />
      <path d="M8 8.2c5 0 3 7.6 8 7.6" fill="none" stroke="var(--surface)" strokeWidth="1.6" strokeLinecap="round" />
      <circle cx="8" cy="8.2" r="2.6" fill="var(--surface)" />
      <circle cx="16" cy="15.8" r="2.6" fill="var(--surface)" />
    </svg>
  );
}

import { lazy, Suspense, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useCatalogueSync } from "../hooks/use-catalogue-sync.ts";
import { useFirstPaintDone } from "../hooks/use-first-paint.ts";
import { useGraph, useLive, usePanels, useWorkbench } from "../hooks/use-workbench.ts";
import { Timeline } from "../panels/timeline.tsx";
import { nodeList } from "../session/panel-layout.ts";
import { TopBar } from "../shell/top-bar.tsx";
import { cx } from "../ui/cx.ts";
import { useActions } from "./actions.ts";
import { BodyBar, useBodyCrumbs } from "./body-bar.tsx";
import { Divider } from "./divider.tsx";
import { GraphView } from "./graph-view.tsx";
import { IconPalette } from "./icon-palette.tsx";
import { Palette } from "./palette.tsx";
import { SaveNotices } from "./save-state.tsx";
import { Toolbar } from "./toolbar.tsx";
import { useShortcuts } from "./use-shortcuts.ts";
import { useShowSelected } from "./use-show-selected.ts";

const RightPanelArea = lazy(() => import("./right-panel.tsx").then((module) => ({ default: module.RightPanelArea })));
const Dialogs = lazy(() => import("./dialogs.tsx").then((module) => ({ default: module.Dialogs })));

/** The open agent: palette, graph, right panel and timeline. All but the graph can be collapsed. */
export function Frame() {
  const { t } = useTranslation("panels");
  const actions = useActions();
  useShortcuts(actions);
  useSaveGuards();
  useShowSelected();
  const { left, list, right, bottom, rightWidth } = usePanels((panels) => ({
    left: panels.left,
    list: nodeList(panels, window.innerWidth).list,
    right: panels.right,
    bottom: panels.bottom,
    rightWidth: panels.rightWidth,
  }));
  const seen = useFirstPaintDone();
  const name = useGraph((graph) => graph.name);
  return (
    <div className="flex h-full min-h-0">
      <h1 className="sr-only">{name}</h1>
      {seen ? <Toolbar actions={actions} /> : <FirstBar />}
      {seen && <CatalogueSync />}
      {left && (
        <aside
          aria-label={t("leftPanel")}
          className={cx(
            "shrink-0 border-line border-r bg-surface max-md:hidden",
            list === "full" ? "w-56" : "w-[50px]",
          )}
        >
          {list === "full" ? <Palette /> : <IconPalette />}
        </aside>
      )}
      <div className="flex min-w-0 flex-1 flex-col">
        <SaveNotices />
        <BodyBar />
        <div className="min-h-0 flex-1">
          <GraphView />
        </div>
        <BottomPanel open={bottom} />
      </div>
      {right && (
        <aside
          aria-label={t("rightPanel")}
          className="relative flex shrink-0 flex-col border-line border-l bg-surface max-md:absolute max-md:inset-y-0 max-md:right-0 max-md:z-20 max-md:shadow-float"
          style={{ width: `min(${rightWidth}px, 100vw - 60px)` }}
        >
          <Suspense>{seen && <RightPanelArea />}</Suspense>
        </aside>
      )}
      <Suspense>{seen && <Dialogs actions={actions} />}</Suspense>
    </div>
  );
}

/** The breadcrumbs alone, until the toolbar is rendered after the first paint. */
function FirstBar() {
  const { t } = useTranslation("canvas");
  const name = useGraph((graph) => graph.name);
  return (
    <TopBar
      title={`${name} · ${t("pages.agents")}`}
      crumbs={[{ label: t("pages.agents"), href: "/" }, ...useBodyCrumbs()]}
    />
  );
}

function CatalogueSync() {
  useCatalogueSync();
  return null;
}

function BottomPanel({ open }: { open: boolean }) {
  const { t } = useTranslation("panels");
  const { panels } = useWorkbench();
  const height = usePanels((state) => state.bottomHeight);
  // Before the first run there is one line of text, which needs no height of its own.
  const empty = useLive((state) => state.runState === undefined);
  if (!open) return null;
  if (empty)
    return (
      <section aria-label={t("bottomPanel")} className="shrink-0 border-line border-t bg-surface">
        <Timeline />
      </section>
    );
  return (
    <section
      aria-label={t("bottomPanel")}
      className="relative shrink-0 border-line border-t bg-surface"
      style={{ height }}
    >
      <Divider
        label={t("resizeBottom")}
        side="top"
        value={height}
        onResize={(next) => panels.resize({ bottomHeight: next })}
      />
      <Timeline />
    </section>
  );
}

/** Asks before the page is left with unsaved changes, and saves again when the network is back. */
function useSaveGuards(): void {
  const { saver } = useWorkbench();
  useEffect(() => {
    const leave = (event: BeforeUnloadEvent) => {
      const { is } = saver.getState().status;
      if (is === "unsaved" || is === "saving") {
        void saver.flush();
        event.preventDefault();
      }
    };
    const hidden = () => document.visibilityState === "hidden" && void saver.flush();
    window.addEventListener("beforeunload", leave);
    window.addEventListener("online", saver.wake);
    document.addEventListener("visibilitychange", hidden);
    return () => {
      window.removeEventListener("beforeunload", leave);
      window.removeEventListener("online", saver.wake);
      document.removeEventListener("visibilitychange", hidden);
    };
  }, [saver]);
}

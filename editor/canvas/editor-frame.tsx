import { useQuery } from "@tanstack/react-query";
import { History, PanelBottom, PanelLeft, PanelRight, Play, Redo2, Search, Undo2, Upload, X } from "lucide-react";
import { type KeyboardEvent, lazy, type PointerEvent, type ReactNode, Suspense, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../api.ts";
import { BuildPanel } from "../builder/build-panel.tsx";
import { useNodeWords } from "../i18n/node-words.ts";
import { HistoryPanel } from "../panels/history-panel.tsx";
import { Inspector } from "../panels/inspector.tsx";
import { IssuesPanel } from "../panels/issues-panel.tsx";
import { PublishPanel } from "../panels/publish-panel.tsx";
import { ConflictPanel, SaveBadge } from "../panels/save-state.tsx";
import { Timeline } from "../panels/timeline.tsx";
import { TryPanel } from "../panels/try-panel.tsx";
import { TopBar } from "../shell/top-bar.tsx";
import type { RightPanel } from "../state/places.ts";
import { useCatalogueSync } from "../state/use-catalogue-sync.ts";
import {
  useChosenNode,
  useDocument,
  useGraph,
  useIssues,
  useLive,
  usePlaces,
  useSaving,
  useWorkbench,
} from "../state/use-workbench.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { cx } from "../ui/cx.ts";
import { IconButton } from "../ui/icon-button.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { Tabs } from "../ui/tabs.tsx";
import { type Action, type ActionId, useActions } from "./actions.ts";
import { Canvas } from "./canvas.tsx";
import { CommandDialog } from "./command-dialog.tsx";
import { KeysDialog } from "./keys-dialog.tsx";
import { Palette } from "./palette.tsx";
import { useKeys } from "./use-keys.ts";

const JsonPanel = lazy(() => import("../panels/json-panel.tsx").then((module) => ({ default: module.JsonPanel })));

/** The four places: what can be added, the graph, the chosen thing, the time of the run. Each folds. */
export function EditorFrame() {
  const { t } = useTranslation("panels");
  const actions = useActions();
  useKeys(actions);
  useCatalogueSync();
  useGuards();
  const { left, right, below } = usePlaces(({ left, right, below }) => ({ left, right, below }));
  const name = useGraph((graph) => graph.name);
  return (
    <div className="flex h-full min-h-0">
      <h1 className="sr-only">{name}</h1>
      <Bar actions={actions} />
      {left && (
        <aside aria-label={t("leftPlace")} className="w-56 shrink-0 border-line border-r bg-surface max-md:hidden">
          <Palette />
        </aside>
      )}
      <div className="flex min-w-0 flex-1 flex-col">
        <ConflictPanel />
        <div className="min-h-0 flex-1">
          <Canvas />
        </div>
        <Below open={below} />
      </div>
      {right && <RightPlace />}
      <CommandDialog actions={actions} />
      <KeysDialog actions={actions} />
    </div>
  );
}

function Bar({ actions }: { actions: ReadonlyMap<ActionId, Action> }) {
  const { t } = useTranslation(["canvas", "panels"]);
  const { id, places } = useWorkbench();
  const name = useGraph((graph) => graph.name);
  const canUndo = useDocument((state) => state.past.length > 0);
  const canRedo = useDocument((state) => state.future.length > 0);
  const open = usePlaces(({ left, right, below }) => ({ left, right, below }));
  const versions = useQuery({ queryKey: ["versions", id], queryFn: ({ signal }) => api.agents.versions(id, signal) });
  const last = versions.data?.versions[0];
  const does = (action: ActionId) => actions.get(action)!.run;
  return (
    <TopBar
      crumbs={[{ label: t("pages.agents"), href: "/" }, { label: name }]}
      aside={
        <>
          <LiveBadge live={versions.data?.publication?.live} />
          <SaveBadge />
        </>
      }
      actions={
        <>
          <div className="flex">
            <IconButton
              icon={PanelLeft}
              label={t("action.foldLeft")}
              keys={["mod", "["]}
              aria-expanded={open.left}
              onClick={does("foldLeft")}
              className={cx("max-md:hidden", !open.left && "text-ink-3")}
            />
            <IconButton
              icon={PanelBottom}
              label={t("action.foldBelow")}
              keys={["mod", "j"]}
              aria-expanded={open.below}
              onClick={does("foldBelow")}
              className={cx(!open.below && "text-ink-3")}
            />
            <IconButton
              icon={PanelRight}
              label={t("action.foldRight")}
              keys={["mod", "]"]}
              aria-expanded={open.right}
              onClick={does("foldRight")}
              className={cx(!open.right && "text-ink-3")}
            />
          </div>
          <div className="flex">
            <IconButton
              icon={Undo2}
              label={t("action.undo")}
              keys={["mod", "z"]}
              disabled={!canUndo}
              onClick={does("undo")}
            />
            <IconButton
              icon={Redo2}
              label={t("action.redo")}
              keys={["mod", "shift", "z"]}
              disabled={!canRedo}
              onClick={does("redo")}
            />
          </div>
          <Button
            variant="ghost"
            icon={Search}
            keys={["mod", "k"]}
            onClick={does("commands")}
            className="max-lg:[&>:not(svg)]:hidden"
          >
            {t("search", { ns: "common" })}
          </Button>
          <Button icon={History} onClick={() => places.open("history")} className="max-lg:hidden">
            {t("action.history")}
          </Button>
          <Button icon={Play} keys={["mod", "enter"]} onClick={does("run")}>
            {t("action.run")}
          </Button>
          <Button variant="solid" icon={Upload} onClick={() => places.open("publish")}>
            {last ? t("publishVersion", { ns: "panels", version: last.version + 1 }) : t("action.publish")}
          </Button>
        </>
      }
    />
  );
}

/** Whether what is published is what is here: by the revision that was frozen. */
function LiveBadge({ live }: { live?: number }) {
  const { t } = useTranslation("panels");
  const { id } = useWorkbench();
  const revision = useSaving((state) => state.revision);
  const versions = useQuery({ queryKey: ["versions", id], queryFn: ({ signal }) => api.agents.versions(id, signal) });
  if (live === undefined) return null;
  const frozen = versions.data?.versions.find((version) => version.version === live);
  const ahead = frozen !== undefined && frozen.revision < revision;
  return ahead ? (
    <Badge tone="warn">{t("draftAhead", { version: live })}</Badge>
  ) : (
    <Badge tone="ok" dot>
      {t("isLive", { version: live })}
    </Badge>
  );
}

function RightPlace() {
  const { t } = useTranslation("panels");
  const workbench = useWorkbench();
  const words = useNodeWords();
  const { panel, rightWidth } = usePlaces(({ panel, rightWidth }) => ({ panel, rightWidth }));
  const errors = useIssues((issues) => issues.errors);
  const warnings = useIssues((issues) => issues.all.length - issues.errors);
  const chosen = useChosenNode();
  const extra =
    panel === "publish" || panel === "history"
      ? [{ id: panel, label: t(panel === "publish" ? "publish" : "historyTab") }]
      : [];
  return (
    <aside
      aria-label={t("rightPlace")}
      className="relative flex shrink-0 flex-col border-line border-l bg-surface max-md:absolute max-md:inset-y-0 max-md:right-0 max-md:z-20 max-md:shadow-float"
      style={{ width: `min(${rightWidth}px, 100vw - 60px)` }}
    >
      <Divider
        label={t("resizeRight")}
        side="left"
        value={rightWidth}
        onResize={(width) => workbench.places.resize({ rightWidth: width })}
      />
      <IconButton
        icon={X}
        size="sm"
        label={t("action.foldRight", { ns: "canvas" })}
        className="absolute top-2 right-2 z-10"
        onClick={() => workbench.places.toggle("right")}
      />
      <Tabs
        className="h-full"
        listClassName="px-4 pr-10 overflow-x-auto overflow-y-hidden"
        contentClassName="overflow-y-auto"
        label={t("rightPlace")}
        value={panel}
        onChange={(next) => workbench.places.open(next as RightPanel)}
        tabs={[
          {
            id: "node",
            label: <span className="max-w-28 truncate">{chosen ? words.nodeTitle(chosen) : t("agent")}</span>,
          },
          { id: "try", label: t("tryIt") },
          { id: "build", label: t("tab", { ns: "builder" }) },
          {
            id: "issues",
            label: t("issues"),
            badge:
              errors + warnings > 0 ? <Badge tone={errors > 0 ? "bad" : "warn"}>{errors + warnings}</Badge> : undefined,
          },
          { id: "json", label: t("file") },
          ...extra,
        ]}
      >
        {(id) => <Panel id={id as RightPanel} />}
      </Tabs>
    </aside>
  );
}

function Panel({ id }: { id: RightPanel }) {
  const { t } = useTranslation("common");
  switch (id) {
    case "node":
      return <Inspector />;
    case "try":
      return <TryPanel />;
    case "build":
      return <BuildPanel />;
    case "issues":
      return <IssuesPanel />;
    case "json":
      return (
        <Suspense fallback={<Spinner label={t("loading")} className="p-4" />}>
          <JsonPanel />
        </Suspense>
      );
    case "publish":
      return <PublishPanel />;
    case "history":
      return <HistoryPanel />;
  }
}

function Below({ open }: { open: boolean }) {
  const { t } = useTranslation("panels");
  const { places } = useWorkbench();
  const height = usePlaces((state) => state.belowHeight);
  // Before anything has run there is a line to read and no need for more room.
  const empty = useLive((state) => state.life === undefined);
  if (!open) return null;
  if (empty)
    return (
      <section aria-label={t("belowPlace")} className="shrink-0 border-line border-t bg-surface">
        <Timeline />
      </section>
    );
  return (
    <section
      aria-label={t("belowPlace")}
      className="relative shrink-0 border-line border-t bg-surface"
      style={{ height }}
    >
      <Divider
        label={t("resizeBelow")}
        side="top"
        value={height}
        onResize={(next) => places.resize({ belowHeight: next })}
      />
      <Timeline />
    </section>
  );
}

/** A border that can be dragged, or moved by the arrow keys. */
function Divider({
  label,
  side,
  value,
  onResize,
}: {
  label: string;
  side: "left" | "top";
  value: number;
  onResize(value: number): void;
}): ReactNode {
  const horizontal = side === "left";
  const onPointerDown = (event: PointerEvent) => {
    const start = horizontal ? event.clientX : event.clientY;
    const target = event.currentTarget;
    target.setPointerCapture(event.pointerId);
    const move = (moved: Event) => {
      const at = horizontal ? (moved as globalThis.PointerEvent).clientX : (moved as globalThis.PointerEvent).clientY;
      onResize(value + start - at);
    };
    const up = () => {
      target.removeEventListener("pointermove", move);
      target.removeEventListener("pointerup", up);
      target.removeEventListener("pointercancel", up);
    };
    target.addEventListener("pointermove", move);
    target.addEventListener("pointerup", up);
    target.addEventListener("pointercancel", up);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const more = horizontal ? "ArrowLeft" : "ArrowUp";
    const less = horizontal ? "ArrowRight" : "ArrowDown";
    if (event.key !== more && event.key !== less) return;
    event.preventDefault();
    onResize(value + (event.key === more ? 24 : -24));
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a separator that moves has no element of its own
    <div
      role="separator"
      tabIndex={0}
      aria-label={label}
      aria-orientation={horizontal ? "vertical" : "horizontal"}
      aria-valuenow={value}
      onPointerDown={onPointerDown}
      onKeyDown={onKeyDown}
      className={cx(
        "absolute z-10 transition-colors hover:bg-accent/35 focus-visible:bg-accent/60",
        horizontal ? "-left-[3px] inset-y-0 w-1.5 cursor-col-resize" : "-top-[3px] inset-x-0 h-1.5 cursor-row-resize",
      )}
    />
  );
}

/** Leaving with work on its way asks first; a network that is back is told to the saver. */
function useGuards(): void {
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

import { X } from "lucide-react";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { AgentWorkbench } from "../hooks/body-views.tsx";
import { useIssues, usePanels, useSelectedNode, useWorkbench } from "../hooks/use-workbench.ts";
import { useNodeWords } from "../i18n/node-words.ts";
import { BuildPanel } from "../panels/build-panel.tsx";
import { FindPanel } from "../panels/find-panel.tsx";
import { HistoryPanel } from "../panels/history-panel.tsx";
import { Inspector } from "../panels/inspector.tsx";
import { IssuesPanel } from "../panels/issues-panel.tsx";
import { PublishPanel } from "../panels/publish-panel.tsx";
import { TestsPanel } from "../panels/tests-panel.tsx";
import { TryPanel } from "../panels/try-panel.tsx";
import type { RightPanel } from "../session/panel-layout.ts";
import { Badge } from "../ui/badge.tsx";
import { IconButton } from "../ui/icon-button.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { Tabs } from "../ui/tabs.tsx";
import { Divider } from "./divider.tsx";
import { SeveralActions } from "./several-actions.tsx";

const JsonPanel = lazy(() => import("../panels/json-panel.tsx").then((module) => ({ default: module.JsonPanel })));

/** The right panel: the form of the selection and the other panels, as tabs. */
export function RightPanelArea() {
  const { t } = useTranslation("panels");
  const workbench = useWorkbench();
  const words = useNodeWords();
  const { panel, rightWidth } = usePanels(({ panel, rightWidth }) => ({ panel, rightWidth }));
  const errors = useIssues((issues) => issues.errors);
  const warnings = useIssues((issues) => issues.all.length - issues.errors);
  const chosen = useSelectedNode();
  const extra =
    panel === "publish" || panel === "history"
      ? [{ id: panel, label: t(panel === "publish" ? "publish" : "history.title") }]
      : [];
  return (
    <>
      <Divider
        label={t("resizeRight")}
        side="left"
        value={rightWidth}
        onResize={(width) => workbench.panels.resize({ rightWidth: width })}
      />
      <IconButton
        icon={X}
        size="sm"
        label={t("collapse.right")}
        className="absolute top-2 right-2 z-10"
        onClick={() => workbench.panels.toggle("right")}
      />
      <Tabs
        className="h-full"
        barClassName="pr-10"
        listClassName="gap-3 overflow-x-auto overflow-y-hidden pr-1 pl-4 [scrollbar-width:none]"
        contentClassName="overflow-y-auto"
        label={t("rightPanel")}
        value={panel}
        onChange={(next) => workbench.panels.open(next as RightPanel)}
        tabs={[
          {
            id: "node",
            label: (
              <span className="max-w-24 truncate">
                {chosen ? words.nodeTitle(chosen) : workbench.inside ? t("body") : t("agent")}
              </span>
            ),
          },
          { id: "try", label: t("chat") },
          { id: "build", label: t("tab", { ns: "builder" }) },
          {
            id: "issues",
            label: t("issues"),
            badge:
              errors + warnings > 0 ? <Badge tone={errors > 0 ? "bad" : "warn"}>{errors + warnings}</Badge> : undefined,
          },
          { id: "json", label: t("file") },
          ...(panel === "find" ? [{ id: panel, label: t("find.tab", { ns: "editing" }) }] : []),
          { id: "tests", label: t("tests", { ns: "testing" }) },
          ...extra,
        ]}
      >
        {(id) =>
          id === "node" || id === "issues" || id === "json" ? (
            <Panel id={id} />
          ) : (
            <AgentWorkbench>
              <Panel id={id as RightPanel} />
            </AgentWorkbench>
          )
        }
      </Tabs>
    </>
  );
}

function Panel({ id }: { id: RightPanel }) {
  const { t } = useTranslation("common");
  switch (id) {
    case "node":
      return <Inspector forSeveral={<SeveralActions />} />;
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
    case "tests":
      return <TestsPanel />;
    case "find":
      return <FindPanel />;
  }
}

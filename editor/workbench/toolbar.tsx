import {
  Ellipsis,
  History,
  PanelBottom,
  PanelLeft,
  PanelRight,
  Play,
  Redo2,
  Search,
  Undo2,
  Upload,
} from "lucide-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { hasUnpublishedChanges } from "../graph/unpublished.ts";
import { useVersions } from "../hooks/use-versions.ts";
import { useCatalogue, useDocument, useGraph, usePanels, useSaving, useWorkbench } from "../hooks/use-workbench.ts";
import { findAgent } from "../session/catalogue.ts";
import { rootOf } from "../session/workbench.ts";
import { TopBar } from "../shell/top-bar.tsx";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { cx } from "../ui/cx.ts";
import { IconButton } from "../ui/icon-button.tsx";
import { Menu } from "../ui/menu.tsx";
import type { Action, ActionId } from "./action.ts";
import { useBodyCrumbs } from "./body-bar.tsx";
import { SaveBadge } from "./save-state.tsx";

const SIDES = [
  ["left", PanelLeft, "toggleLeft"],
  ["bottom", PanelBottom, "toggleBottom"],
  ["right", PanelRight, "toggleRight"],
] as const;

const NARROW = ["undo", "redo", "commands", "history"] as const satisfies ActionId[];

/** The top bar of the editor: breadcrumbs, whether the draft is saved and live, and actions on the whole agent. */
export function Toolbar({ actions }: { actions: ReadonlyMap<ActionId, Action> }) {
  const { t } = useTranslation(["canvas", "panels", "common"]);
  const { id, panels } = useWorkbench();
  const crumbs = useBodyCrumbs();
  const name = useGraph((graph) => graph.name);
  const canUndo = useDocument((state) => state.past.length > 0);
  const canRedo = useDocument((state) => state.future.length > 0);
  const open = usePanels(({ left, right, bottom }) => ({ left, right, bottom }));
  const versions = useVersions(id);
  const last = versions.data?.versions[0];
  const does = (id: ActionId) => {
    const { run, keys } = actions.get(id)!;
    return { onClick: run, keys };
  };
  return (
    <TopBar
      title={`${name} · ${t("pages.agents")}`}
      crumbs={[{ label: t("pages.agents"), href: "/" }, ...crumbs]}
      aside={
        <>
          <span className="max-md:hidden">
            <LiveBadge live={versions.data?.publication?.live} />
          </span>
          <SaveBadge />
        </>
      }
      actions={
        <>
          <div className="flex">
            {SIDES.map(([side, icon, action]) => (
              <IconButton
                key={side}
                icon={icon}
                label={t(`panels:${open[side] ? "collapse" : "expand"}.${side}`)}
                {...does(action)}
                className={cx(side !== "right" && "max-md:hidden", !open[side] && "text-ink-3")}
              />
            ))}
          </div>
          <div className="flex max-md:hidden">
            <IconButton icon={Undo2} label={t("action.undo")} disabled={!canUndo} {...does("undo")} />
            <IconButton icon={Redo2} label={t("action.redo")} disabled={!canRedo} {...does("redo")} />
          </div>
          <Button
            variant="ghost"
            icon={Search}
            {...does("commands")}
            className="max-md:hidden max-lg:[&>:not(svg)]:hidden"
          >
            {t("search", { ns: "common" })}
          </Button>
          <Button icon={History} onClick={() => panels.open("history")} className="max-lg:hidden">
            {t("action.history")}
          </Button>
          {/* What a narrow bar has no room for. */}
          <Menu
            trigger={<IconButton icon={Ellipsis} label={t("common:more")} className="lg:hidden" />}
            items={NARROW.map((action) => {
              const { icon, keys, run } = actions.get(action)!;
              return { label: t(`action.${action}`), icon, keys, onSelect: run };
            })}
          />
          <Button icon={Play} {...does("run")} className="max-md:[&>kbd]:hidden">
            {t("action.run")}
          </Button>
          <Button variant="solid" icon={Upload} onClick={() => panels.open("publish")}>
            {last ? t("publishVersion", { ns: "panels", version: last.version + 1 }) : t("action.publish")}
          </Button>
        </>
      }
    />
  );
}

/** Whether the draft differs from the live version. Compared after each save, for the agent's graph also while a body is open. */
function LiveBadge({ live }: { live?: number }) {
  const { t } = useTranslation("panels");
  const root = rootOf(useWorkbench());
  const revision = useSaving((state) => state.revision);
  const agents = useCatalogue((state) => state.agents);
  const versions = useVersions(root.id);
  const frozen = versions.data?.versions.find((version) => version.version === live);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the graph is compared at each save
  const ahead = useMemo(
    () =>
      frozen !== undefined &&
      frozen.revision !== revision &&
      hasUnpublishedChanges(root.graph(), frozen.graph, (agent) => findAgent(agents, agent)?.slug),
    [frozen, revision, agents],
  );
  if (live === undefined) return null;
  return ahead ? (
    <Badge tone="warn">{t("draftAhead", { version: live })}</Badge>
  ) : (
    <Badge tone="ok" dot>
      {t("isLive", { version: live })}
    </Badge>
  );
}

import { CircleDot, Plus, Replace, Trash2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { CanvasMenus } from "../canvas/canvas.tsx";
import { isContainer } from "../graph/body.ts";
import { canBypass, remove } from "../graph/commands.ts";
import { lookup } from "../graph/lookup.ts";
import { roleOf } from "../graph/node-types.ts";
import { useWorkbench } from "../hooks/use-workbench.ts";
import { agentOf } from "../session/called-agents.ts";
import type { MenuItem } from "../ui/menu.tsx";
import type { ActionId } from "./action.ts";
import { useActions } from "./actions.ts";

/** The context menus of the canvas. A right click on a node that is not selected selects it. */
export function useContextMenus(): CanvasMenus {
  const workbench = useWorkbench();
  const actions = useActions();
  const { t } = useTranslation("canvas");
  const item = (id: ActionId, more: { danger?: boolean } = {}): MenuItem => {
    const action = actions.get(id)!;
    return { label: t(`action.${id}`), icon: action.icon, keys: action.keys, onSelect: action.run, ...more };
  };
  const several = (): MenuItem[] => [
    item("copy"),
    item("duplicate"),
    "separator",
    item("group"),
    item("encapsulate"),
    item("bypass"),
    "separator",
    item("alignLeft"),
    item("alignCenter"),
    item("alignRight"),
    item("alignTop"),
    item("alignMiddle"),
    item("alignBottom"),
    item("spreadX"),
    item("spreadY"),
    item("arrange"),
    "separator",
    item("delete", { danger: true }),
  ];
  const partialRuns = (): MenuItem[] =>
    workbench.document.getState().frozen || workbench.inside
      ? []
      : [item("runOnly"), item("runTo"), item("runFrom"), item("pin")];
  const hasContents = (id: string): boolean => {
    const node = lookup(workbench.graph()).node(id);
    return node !== undefined && (isContainer(node) || agentOf(node) !== undefined);
  };
  const callsAgent = (id: string): boolean => {
    const node = lookup(workbench.graph()).node(id);
    return node !== undefined && roleOf(node) === "calls-agent";
  };
  const mayBypass = (id: string): boolean => {
    const node = lookup(workbench.graph()).node(id);
    return node !== undefined && canBypass(node);
  };
  return {
    forNode(id: string): MenuItem[] {
      if (!workbench.selection.getState().nodes.has(id)) workbench.selection.select([id]);
      if (workbench.selection.getState().nodes.size > 1) return several();
      return [
        { label: t("openForm"), icon: CircleDot, keys: ["enter"], onSelect: () => workbench.panels.open("node") },
        ...(hasContents(id) ? [item("openBody"), item("expandBody")] : []),
        ...partialRuns(),
        "separator",
        item("copy"),
        item("duplicate"),
        item("group"),
        item("encapsulate"),
        ...(callsAgent(id) ? [item("unpack")] : []),
        item("rename"),
        ...(mayBypass(id) ? [item("bypass")] : []),
        item("replaceNode"),
        "separator",
        item("delete", { danger: true }),
      ];
    },
    forEdge(id: string, add: () => void): MenuItem[] {
      workbench.selection.select([], [id]);
      return [
        { label: t("insertNode"), icon: Replace, onSelect: () => setTimeout(add) },
        "separator",
        {
          label: t("action.delete"),
          icon: Trash2,
          keys: ["backspace"],
          danger: true,
          onSelect: () => workbench.apply(remove(new Set(), new Set([id]))),
        },
      ];
    },
    forSelection: several,
    forPane(add: () => void): MenuItem[] {
      return [
        { label: t("action.addNode"), icon: Plus, keys: ["/"], onSelect: () => setTimeout(add) },
        item("paste"),
        "separator",
        item("selectAll"),
        item("arrange"),
        item("fit"),
        ...(workbench.inside ? [] : (["separator", item("saveTemplate")] satisfies MenuItem[])),
      ];
    },
  };
}

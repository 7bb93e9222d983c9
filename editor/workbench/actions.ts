/** All actions of the editor. Shortcuts, command palette and menus read this list. */
import { useReactFlow } from "@xyflow/react";
import {
  ArrowLeft,
  BookmarkPlus,
  Braces,
  ChevronDown,
  ClipboardPaste,
  Copy,
  CopyPlus,
  FlaskConical,
  Frame,
  History,
  Keyboard,
  ListChecks,
  Maximize,
  Maximize2,
  MessageSquareText,
  PackageOpen,
  PackagePlus,
  PanelBottom,
  PanelLeft,
  PanelRight,
  Pin,
  Play,
  Redo2,
  Search,
  Sparkles,
  SquareDashed,
  StepBack,
  StepForward,
  TextCursorInput,
  Trash2,
  Undo2,
  Upload,
  Workflow,
  Zap,
  ZoomIn,
  ZoomOut,
} from "lucide-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { navigate } from "wouter/use-browser-location";
import { useArrange } from "../canvas/use-arrange.ts";
import { group, remove, setGroup } from "../graph/commands.ts";
import { copyText, duplicate } from "../graph/fragment.ts";
import { lookup } from "../graph/lookup.ts";
import { useBodies } from "../hooks/body-views.tsx";
import { runPart, togglePin } from "../hooks/run-part.ts";
import { runDraft } from "../hooks/send-message.ts";
import { useOpenBody } from "../hooks/use-open-body.ts";
import { useWorkbench } from "../hooks/use-workbench.ts";
import { hasInnerGraph } from "../session/called-agents.ts";
import { toggleExpanded } from "../session/overlays.ts";
import { nodeList } from "../session/panel-layout.ts";
import { onlyNode } from "../session/selection.ts";
import type { Workbench } from "../session/workbench.ts";
import { copyText as toClipboard } from "../ui/code-block.tsx";
import { motionMs } from "../ui/motion.ts";
import { toast } from "../ui/toast.tsx";
import { focusWhenReady, waitForElement } from "../ui/wait-for-element.ts";
import type { Action, ActionId } from "./action.ts";
import { editingActions } from "./edit-actions.ts";
import { SEARCH_ID } from "./palette.tsx";
import { usePaste } from "./use-paste.ts";
import { useSubagents } from "./use-subagents.ts";

/** The title of the node in the right panel. Its code loads later, so it is found by id. */
const TITLE_ID = "node-title";

export function useActions(): ReadonlyMap<ActionId, Action> {
  const workbench = useWorkbench();
  const flow = useReactFlow();
  const arrange = useArrange();
  const bodies = useBodies();
  const openBody = useOpenBody();
  const subagents = useSubagents();
  const paste = usePaste();
  const { t } = useTranslation(["canvas", "bodies", "testing"]);
  return useMemo(() => {
    const { document: doc, selection, panels, overlays } = workbench;
    const chosen = () => selection.getState();
    const middle = () => {
      const pane = document.querySelector(".react-flow")?.getBoundingClientRect() ?? new DOMRect(0, 0, 800, 600);
      return flow.screenToFlowPosition({ x: pane.left + pane.width / 2 - 116, y: pane.top + pane.height / 3 });
    };
    /** Calls `does` with the selected node; otherwise shows a toast that says to select one. */
    const withNode = (does: (id: string) => void) => {
      const id = onlyNode(chosen());
      if (workbench.inside) toast({ title: t("notInBody", { ns: "bodies" }), tone: "info" });
      else if (id === undefined) toast({ title: t("selectFirst", { ns: "testing" }), tone: "info" });
      else if (lookup(workbench.graph()).node(id)?.bypass) toast({ title: t("isBypassed"), tone: "info" });
      else does(id);
    };
    const actions: Action[] = [
      { id: "undo", icon: Undo2, keys: ["mod", "z"], run: doc.undo },
      { id: "redo", icon: Redo2, keys: ["mod", "shift", "z"], run: doc.redo },
      {
        id: "commands",
        icon: Search,
        keys: ["mod", "k"],
        everywhere: true,
        run: () => {
          overlays.setState({ commands: true });
          waitForElement("[cmdk-input]", (input) => input.focus());
        },
      },
      { id: "keys", icon: Keyboard, keys: ["?"], run: () => overlays.setState({ shortcuts: true }) },
      {
        id: "addNode",
        icon: Search,
        keys: ["/"],
        run() {
          panels.setState({ left: true });
          if (nodeList(panels.getState(), window.innerWidth).list === "icons") overlays.setState({ searching: true });
          focusWhenReady(SEARCH_ID);
        },
      },
      {
        id: "run",
        icon: Play,
        keys: ["mod", "enter"],
        everywhere: true,
        run: () => void runDraft(workbench),
      },
      {
        id: "copy",
        icon: Copy,
        keys: ["mod", "c"],
        native: true,
        run: () => void toClipboard(copyText(workbench.graph(), chosen().nodes)),
      },
      {
        id: "cut",
        icon: Copy,
        keys: ["mod", "x"],
        native: true,
        run() {
          void toClipboard(copyText(workbench.graph(), chosen().nodes)).then(() =>
            workbench.apply(remove(chosen().nodes)),
          );
        },
      },
      {
        id: "paste",
        icon: ClipboardPaste,
        keys: ["mod", "v"],
        native: true,
        run: () =>
          void navigator.clipboard.readText().then(
            (text) => paste(text, middle()),
            () => toast({ title: t("pasteByKey"), tone: "bad" }),
          ),
      },
      {
        id: "duplicate",
        icon: CopyPlus,
        keys: ["mod", "d"],
        run() {
          if (chosen().nodes.size === 0) return;
          const { command, ids } = duplicate(workbench.graph(), chosen().nodes);
          workbench.apply(command);
          selection.select(ids);
        },
      },
      {
        id: "delete",
        icon: Trash2,
        keys: ["backspace"],
        run: () => workbench.apply(remove(chosen().nodes, chosen().edges)),
      },
      {
        id: "selectAll",
        icon: SquareDashed,
        keys: ["mod", "a"],
        run: () => selection.select(workbench.graph().nodes.map((node) => node.id)),
      },
      { id: "group", icon: Frame, keys: ["mod", "g"], run: () => groupChosen(workbench, t("groupTitle")) },
      { id: "ungroup", icon: Frame, keys: ["mod", "shift", "g"], run: () => ungroupChosen(workbench) },
      { id: "arrange", icon: Workflow, keys: ["shift", "l"], run: () => void arrange() },
      {
        id: "fit",
        icon: Maximize,
        keys: ["shift", "1"],
        run: () => void flow.fitView({ duration: motionMs(180), padding: 0.12, maxZoom: 1 }),
      },
      { id: "zoomIn", icon: ZoomIn, keys: ["mod", "="], run: () => void flow.zoomIn({ duration: motionMs(120) }) },
      { id: "zoomOut", icon: ZoomOut, keys: ["mod", "-"], run: () => void flow.zoomOut({ duration: motionMs(120) }) },
      { id: "toggleLeft", icon: PanelLeft, keys: ["mod", "["], run: () => panels.toggle("left") },
      { id: "toggleRight", icon: PanelRight, keys: ["mod", "]"], run: () => panels.toggle("right") },
      { id: "toggleBottom", icon: PanelBottom, keys: ["mod", "j"], run: () => panels.toggle("bottom") },
      { id: "chat", icon: MessageSquareText, keys: ["mod", "enter"], run: () => panels.open("try") },
      {
        id: "build",
        icon: Sparkles,
        run() {
          panels.open("build");
          focusWhenReady("build-request");
        },
      },
      { id: "issues", icon: ListChecks, keys: ["mod", "i"], run: () => panels.open("issues") },
      { id: "json", icon: Braces, run: () => panels.open("json") },
      { id: "history", icon: History, run: () => panels.open("history") },
      { id: "publish", icon: Upload, run: () => panels.open("publish") },
      { id: "triggers", icon: Zap, run: () => navigate(`/agents/${workbench.id}/triggers`) },
      {
        id: "runOnly",
        icon: Play,
        keys: ["mod", "shift", "enter"],
        run: () => withNode((id) => runPart(workbench, "only", id)),
      },
      {
        id: "runTo",
        icon: StepBack,
        keys: ["alt", "enter"],
        run: () => withNode((id) => runPart(workbench, "to", id)),
      },
      {
        id: "runFrom",
        icon: StepForward,
        keys: ["alt", "shift", "enter"],
        run: () => withNode((id) => runPart(workbench, "from", id)),
      },
      { id: "openBody", icon: Maximize2, keys: ["o"], run: () => openBody(onlyNode(chosen())) },
      {
        id: "expandBody",
        icon: ChevronDown,
        keys: ["shift", "o"],
        run() {
          const id = onlyNode(chosen());
          const node = id === undefined ? undefined : lookup(workbench.graph()).node(id);
          if (node && hasInnerGraph(node)) toggleExpanded(overlays, node.id);
          else toast({ title: t("noBody", { ns: "bodies" }), tone: "info" });
        },
      },
      {
        id: "leaveBody",
        icon: ArrowLeft,
        keys: ["escape"],
        native: true,
        run() {
          if (chosen().nodes.size + chosen().edges.size > 0) selection.clear();
          else bodies.back(bodies.getState().stack.length - 2);
        },
      },
      {
        id: "rename",
        icon: TextCursorInput,
        keys: ["f2"],
        run() {
          const id = onlyNode(chosen());
          if (id === undefined) return toast({ title: t("selectFirst", { ns: "testing" }), tone: "info" });
          panels.open("node");
          waitForElement<HTMLInputElement>(`#${TITLE_ID}`, (title) => title.select());
        },
      },
      { id: "pin", icon: Pin, keys: ["p"], run: () => withNode((id) => togglePin(workbench, id)) },
      { id: "tests", icon: FlaskConical, run: () => panels.open("tests") },
      { id: "saveTemplate", icon: BookmarkPlus, run: () => overlays.setState({ savingTemplate: true }) },
      { id: "encapsulate", icon: PackagePlus, keys: ["e"], run: subagents.encapsulate },
      { id: "unpack", icon: PackageOpen, keys: ["shift", "e"], run: subagents.unpack },
      ...editingActions(workbench, () => toast({ title: t("selectFirst", { ns: "testing" }), tone: "info" })),
    ];
    return new Map(actions.map((action) => [action.id, action]));
  }, [workbench, flow, arrange, bodies, openBody, subagents, paste, t]);
}

function groupChosen(workbench: Workbench, title: string): void {
  const ids = [...workbench.selection.getState().nodes];
  if (ids.length === 0) return;
  const taken = new Set(workbench.graph().groups.map((one) => one.id));
  let n = taken.size + 1;
  while (taken.has(`group-${n}`)) n++;
  workbench.apply(group(`group-${n}`, ids, title));
}

function ungroupChosen(workbench: Workbench): void {
  const { nodes } = workbench.selection.getState();
  for (const one of workbench.graph().groups)
    if (one.nodes.some((id) => nodes.has(id))) workbench.apply(setGroup(one.id, "remove"));
}

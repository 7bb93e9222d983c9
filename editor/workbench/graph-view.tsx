import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import { Canvas } from "../canvas/canvas.tsx";
import { definitions } from "../graph/node-types.ts";
import { useDrawEdge } from "../hooks/use-draw-edge.ts";
import { useWorkbench } from "../hooks/use-workbench.ts";
import { addNodeAt } from "../session/add-node.ts";
import { useContextMenus } from "./context-menus.ts";
import { FileDrop } from "./file-drop.tsx";
import { replacementTypes, replaceWith } from "./replace-node.ts";

const QuickAdd = lazy(() => import("./quick-add.tsx").then((module) => ({ default: module.QuickAdd })));

/** The canvas with its context menus, dropped files and the list of node types to add. */
export function GraphView() {
  return (
    <Canvas menus={useContextMenus()}>
      <FileDrop />
      <Suspense>
        <NodeList />
      </Suspense>
    </Canvas>
  );
}

/** The list of node types, while a node is added or replaced. */
function NodeList() {
  const workbench = useWorkbench();
  const { i18n } = useTranslation("editing");
  const { report } = useDrawEdge();
  const adding = useStore(workbench.overlays, (state) => state.adding);
  if (!adding) return null;
  const close = () => workbench.overlays.setState({ adding: undefined });
  return (
    <QuickAdd
      at={adding.at}
      loose={adding.openEnd}
      definitions={adding.replaces === undefined ? definitions : replacementTypes(workbench, adding.replaces)}
      onClose={close}
      onPick={(definition) => {
        if (adding.replaces === undefined) report(addNodeAt(workbench, definition, adding));
        else
          replaceWith(workbench, adding.replaces, definition, i18n.getFixedT(i18n.language, "editing"), i18n.language);
        close();
      }}
    />
  );
}

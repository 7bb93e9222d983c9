import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import { Canvas } from "../canvas/canvas.tsx";
import { definitions } from "../graph/node-types.ts";
import { useWorkbench } from "../hooks/use-workbench.ts";
import { addAt } from "../session/add-node.ts";
import { useMenuItems } from "./context-menus.ts";
import { FileDrop } from "./file-drop.tsx";
import { QuickAdd } from "./quick-add.tsx";
import { swapAt, swapTypes } from "./replace-node.ts";

/** The canvas with its context menus, dropped files and the list of nodes that opens at a spot. */
export function GraphView() {
  return (
    <Canvas menus={useMenuItems()}>
      <FileDrop />
      <NodeList />
    </Canvas>
  );
}

/** The list of nodes, while somebody adds or replaces one. */
function NodeList() {
  const workbench = useWorkbench();
  const { i18n } = useTranslation("editing");
  const adding = useStore(workbench.surfaces, (state) => state.adding);
  if (!adding) return null;
  const close = () => workbench.surfaces.setState({ adding: undefined });
  return (
    <QuickAdd
      at={adding.at}
      loose={adding.loose}
      definitions={adding.swap === undefined ? definitions : swapTypes(workbench, adding.swap)}
      onClose={close}
      onPick={(definition) => {
        if (adding.swap === undefined) addAt(workbench, definition, adding);
        else swapAt(workbench, adding.swap, definition, i18n.getFixedT(i18n.language, "editing"), i18n.language);
        close();
      }}
    />
  );
}

/** Actions that find text, replace a node and align cards. */
import {
  AlignCenterHorizontal,
  AlignCenterVertical,
  AlignEndHorizontal,
  AlignEndVertical,
  AlignHorizontalSpaceBetween,
  AlignStartHorizontal,
  AlignStartVertical,
  AlignVerticalSpaceBetween,
  CircleSlash,
  Replace,
  ReplaceAll,
  TextSearch,
} from "lucide-react";
import { type Axis, alignPositions, type Box, distributePositions, type Side } from "../graph/align.ts";
import { cardBox } from "../graph/boxes.ts";
import { setLayout, toggleBypass } from "../graph/commands.ts";
import { onlyNode } from "../session/selection.ts";
import type { Workbench } from "../session/workbench.ts";
import { waitForElement } from "../ui/wait-for-element.ts";
import type { Action } from "./action.ts";

/** Fields of the find panel. Its code loads later, so they are found by id. */
const FIND_ID = "find-text";
const REPLACE_ID = "replace-text";

/** `onNoNode` is called when an action needs one selected node and there is none. */
export function editingActions(workbench: Workbench, onNoNode: () => void): Action[] {
  const { panels, selection, overlays } = workbench;
  const find = (field: string) => () => {
    const there = () => document.getElementById(field) as HTMLInputElement | null;
    panels.open("find");
    // If the panel is already open, the next key must reach the field.
    if (there()) there()?.select();
    else waitForElement<HTMLInputElement>(`#${field}`, (element) => element.select());
  };
  const align = (side: Side) => () => workbench.apply(setLayout(alignPositions(boxes(workbench), side)));
  const spread = (axis: Axis) => () => workbench.apply(setLayout(distributePositions(boxes(workbench), axis)));
  return [
    { id: "find", icon: TextSearch, keys: ["mod", "f"], everywhere: true, run: find(FIND_ID) },
    { id: "findReplace", icon: ReplaceAll, keys: ["mod", "shift", "f"], everywhere: true, run: find(REPLACE_ID) },
    {
      id: "bypass",
      icon: CircleSlash,
      keys: ["b"],
      run: () => workbench.apply(toggleBypass(selection.getState().nodes)),
    },
    {
      id: "replaceNode",
      icon: Replace,
      keys: ["r"],
      run() {
        const id = onlyNode(selection.getState());
        if (id === undefined) return onNoNode();
        if (workbench.document.getState().frozen) return;
        const card = document.querySelector(`.react-flow__node[data-id="${CSS.escape(id)}"]`)?.getBoundingClientRect();
        overlays.setState({
          adding: {
            replaces: id,
            at: { x: card?.left ?? window.innerWidth / 3, y: (card?.top ?? window.innerHeight / 3) + 30 },
            position: workbench.graph().layout[id] ?? { x: 0, y: 0 },
          },
        });
      },
    },
    { id: "alignLeft", icon: AlignStartVertical, keys: ["alt", "a"], run: align("left") },
    { id: "alignCenter", icon: AlignCenterVertical, keys: ["alt", "h"], run: align("center") },
    { id: "alignRight", icon: AlignEndVertical, keys: ["alt", "d"], run: align("right") },
    { id: "alignTop", icon: AlignStartHorizontal, keys: ["alt", "w"], run: align("top") },
    { id: "alignMiddle", icon: AlignCenterHorizontal, keys: ["alt", "v"], run: align("middle") },
    { id: "alignBottom", icon: AlignEndHorizontal, keys: ["alt", "s"], run: align("bottom") },
    { id: "spreadX", icon: AlignHorizontalSpaceBetween, run: spread("x") },
    { id: "spreadY", icon: AlignVerticalSpaceBetween, run: spread("y") },
  ];
}

/** The boxes of the selected nodes that have a position of their own. */
function boxes(workbench: Workbench): Box[] {
  const graph = workbench.graph();
  const { reader } = workbench.reader.getState();
  const { nodes } = workbench.selection.getState();
  return graph.nodes
    .filter((node) => nodes.has(node.id) && graph.layout[node.id])
    .map((node) => ({ id: node.id, ...cardBox(graph, node, reader) }));
}

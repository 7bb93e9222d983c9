/** What this folder adds to the list of actions. */
import {
  AlignCenterHorizontal,
  AlignCenterVertical,
  AlignEndHorizontal,
  AlignEndVertical,
  AlignHorizontalSpaceBetween,
  AlignStartHorizontal,
  AlignStartVertical,
  AlignVerticalSpaceBetween,
  Replace,
  ReplaceAll,
  TextSearch,
} from "lucide-react";
import { type Axis, alignPlaces, type Box, distributePlaces, type Side } from "../graph/align.ts";
import { nodeSize } from "../graph/card-size.ts";
import { setLayout } from "../graph/commands.ts";
import { drawnPorts } from "../graph/ports.ts";
import { onlyNode } from "../session/selection.ts";
import type { Workbench } from "../session/workbench.ts";
import { whenThere } from "../ui/wait-for-element.ts";
import type { Action } from "./actions.ts";

export type EditingActionId =
  | "find"
  | "findReplace"
  | "swap"
  | "alignLeft"
  | "alignCenter"
  | "alignRight"
  | "alignTop"
  | "alignMiddle"
  | "alignBottom"
  | "spreadX"
  | "spreadY";

/** By id here: the panel that they belong to imports the canvas, which imports this. */
const FIND_ID = "find-text";
const REPLACE_ID = "replace-text";

/** `tell` says that one node must be chosen first. */
export function editingActions(workbench: Workbench, tell: () => void): Action[] {
  const { places, selection, surfaces } = workbench;
  const find = (field: string) => () => {
    const there = () => document.getElementById(field) as HTMLInputElement | null;
    places.open("find");
    // Where the panel stands already, the next key goes to the field at once.
    if (there()) there()?.select();
    else whenThere<HTMLInputElement>(`#${field}`, (element) => element.select());
  };
  const align = (side: Side) => () => workbench.apply(setLayout(alignPlaces(boxes(workbench), side)));
  const spread = (axis: Axis) => () => workbench.apply(setLayout(distributePlaces(boxes(workbench), axis)));
  return [
    { id: "find", icon: TextSearch, keys: ["mod", "f"], everywhere: true, run: find(FIND_ID) },
    { id: "findReplace", icon: ReplaceAll, keys: ["mod", "shift", "f"], everywhere: true, run: find(REPLACE_ID) },
    {
      id: "swap",
      icon: Replace,
      keys: ["r"],
      run() {
        const id = onlyNode(selection.getState());
        if (id === undefined) return tell();
        if (workbench.document.getState().frozen) return;
        const card = document.querySelector(`.react-flow__node[data-id="${CSS.escape(id)}"]`)?.getBoundingClientRect();
        surfaces.setState({
          adding: {
            swap: id,
            at: { x: card?.left ?? window.innerWidth / 3, y: (card?.top ?? window.innerHeight / 3) + 30 },
            place: workbench.graph().layout[id] ?? { x: 0, y: 0 },
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

/** The chosen nodes as they stand on the canvas. */
function boxes(workbench: Workbench): Box[] {
  const graph = workbench.graph();
  const { reader } = workbench.reader.getState();
  const { nodes } = workbench.selection.getState();
  return graph.nodes.flatMap((node) => {
    const place = graph.layout[node.id];
    if (!nodes.has(node.id) || !place) return [];
    return [{ id: node.id, x: place.x, y: place.y, ...nodeSize(node, drawnPorts(graph, node, reader), place) }];
  });
}

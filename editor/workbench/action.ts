import type { LucideIcon } from "lucide-react";

export type ActionId =
  | "undo"
  | "redo"
  | "commands"
  | "keys"
  | "addNode"
  | "run"
  | "copy"
  | "cut"
  | "paste"
  | "duplicate"
  | "delete"
  | "selectAll"
  | "group"
  | "ungroup"
  | "arrange"
  | "fit"
  | "zoomIn"
  | "zoomOut"
  | "toggleLeft"
  | "toggleRight"
  | "toggleBottom"
  | "chat"
  | "build"
  | "issues"
  | "json"
  | "history"
  | "publish"
  | "triggers"
  | "runOnly"
  | "runTo"
  | "runFrom"
  | "pin"
  | "openBody"
  | "expandBody"
  | "leaveBody"
  | "tests"
  | "saveTemplate"
  | "encapsulate"
  | "unpack"
  | "find"
  | "findReplace"
  | "replaceNode"
  | "alignLeft"
  | "alignCenter"
  | "alignRight"
  | "alignTop"
  | "alignMiddle"
  | "alignBottom"
  | "spreadX"
  | "spreadY";

export interface Action {
  id: ActionId;
  icon: LucideIcon;
  keys?: string[];
  /** Works while a text field has the focus. */
  everywhere?: boolean;
  /** The browser does it by an event of its own (copy, cut, paste): the key is shown, and not taken. */
  native?: boolean;
  run(): void;
}

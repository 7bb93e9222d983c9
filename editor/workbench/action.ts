import type { LucideIcon } from "lucide-react";
import type { canvas } from "../i18n/en/canvas.ts";

/** The id of an action is the key of its label. */
export type ActionId = Exclude<keyof (typeof canvas)["action"], "zoomReset">;

export interface Action {
  id: ActionId;
  icon: LucideIcon;
  keys?: string[];
  /** Works while a text field has the focus. */
  everywhere?: boolean;
  /** The key is shown but handled by an event of its own, such as copy, cut and paste. */
  native?: boolean;
  run(): void;
}

import type { RightPanel } from "./panel-layout.ts";
import type { Workbench } from "./workbench.ts";

/** Shows the form of the selection instead of one of these panels, but not while a reply is produced. */
export function showForm({ panels, conversation }: Workbench, instead: readonly RightPanel[]): void {
  const { panel } = panels.getState();
  if (panel === "try" && conversation.getState().busy) return;
  if (instead.includes(panel)) panels.setState({ panel: "node" });
}

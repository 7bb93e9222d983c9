import { useEffect } from "react";
import { useWorkbench } from "../hooks/use-workbench.ts";
import { showForm } from "../session/show-form.ts";

/**
 * A selection on the canvas replaces the chat panel with the form of the node, but not while a reply is produced. Other
 * panels stay open, and a collapsed panel stays collapsed.
 */
export function useShowSelected(): void {
  const workbench = useWorkbench();
  useEffect(
    () =>
      workbench.selection.subscribe(({ nodes, edges }) => {
        if (nodes.size + edges.size > 0) showForm(workbench, ["try"]);
      }),
    [workbench],
  );
}

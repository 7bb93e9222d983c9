import { useEffect } from "react";
import { useWorkbench } from "../hooks/use-workbench.ts";

/**
 * A selection on the canvas replaces the chat panel with the form of the node, but not while a reply is produced. Other
 * panels stay open, and a collapsed panel stays collapsed.
 */
export function useShowSelected(): void {
  const { selection, panels, conversation } = useWorkbench();
  useEffect(
    () =>
      selection.subscribe(({ nodes, edges }) => {
        if (nodes.size + edges.size === 0 || conversation.getState().busy) return;
        if (panels.getState().panel === "try") panels.setState({ panel: "node" });
      }),
    [selection, panels, conversation],
  );
}

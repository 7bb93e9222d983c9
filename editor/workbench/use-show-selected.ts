import { useEffect } from "react";
import { useWorkbench } from "../hooks/use-workbench.ts";

/**
 * What gets chosen is shown in the place of the conversation: its form, and what it was given and gave. Not while an
 * answer comes: that is not taken from its reader. Other panels stay, and a folded place stays folded.
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

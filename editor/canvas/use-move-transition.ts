import { useEffect, useState } from "react";
import { useWorkbench } from "../hooks/use-workbench.ts";

/** A little longer than the transition in `canvas.css`. */
const SETTLE_MS = 220;

/** True for a moment after undo, redo or a layout moved nodes, so that they move there in a transition. */
export function useMoveTransition(): boolean {
  const { document } = useWorkbench();
  const [settling, setSettling] = useState(false);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = document.subscribe((state, before) => {
      const grew = state.past.length - before.past.length;
      if (grew === 0 || state.graph === before.graph) return;
      const label = (grew > 0 ? state.past : state.future).at(-1)?.label;
      // After a drag the nodes are there already.
      const dragged = label === "move" && grew > 0 && state.future.length === 0;
      if (dragged || (label !== "layout" && label !== "move")) return;
      setSettling(true);
      clearTimeout(timer);
      timer = setTimeout(() => setSettling(false), SETTLE_MS);
    });
    return () => {
      clearTimeout(timer);
      end();
    };
  }, [document]);
  return settling;
}

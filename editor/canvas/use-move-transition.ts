import { useEffect, useState } from "react";
import { useWorkbench } from "../hooks/use-workbench.ts";

const SETTLE_MS = 220;

/** True for a moment after many nodes were given new places at once, so that they are seen to go there. */
export function useMoveTransition(): boolean {
  const { document } = useWorkbench();
  const [settling, setSettling] = useState(false);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = document.subscribe((state, before) => {
      const step =
        state.past.length > before.past.length
          ? state.past.at(-1)
          : state.past.length < before.past.length
            ? state.future.at(-1)
            : undefined;
      if (!step || (step.label !== "layout" && step.label !== "move") || state.graph === before.graph) return;
      // A drag is where it is already; only undo, redo and layout travel.
      if (step.label === "move" && state.past.length > before.past.length && state.future.length === 0) return;
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

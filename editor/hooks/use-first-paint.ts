import { startTransition, useEffect, useState } from "react";
import type { Workbench } from "../session/workbench.ts";
import { useWorkbench } from "./use-workbench.ts";

const seenAgents = new WeakSet<Workbench>();

/**
 * False while an agent's graph is drawn for the first time. What stands beside the graph comes when that is seen, in
 * pieces that stop nobody who drags already.
 */
export function useFirstPaintDone(): boolean {
  const workbench = useWorkbench();
  const root = workbench.inside?.root ?? workbench;
  const [seen, setSeen] = useState(() => seenAgents.has(root));
  useEffect(() => {
    if (seenAgents.has(root)) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    // A timer that is set in a frame rings when the frame is painted.
    const frame = requestAnimationFrame(() => {
      timer = setTimeout(() => {
        seenAgents.add(root);
        startTransition(() => setSeen(true));
      });
    });
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }, [root]);
  return seen;
}

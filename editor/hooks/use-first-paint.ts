import { startTransition, useEffect, useState } from "react";
import { rootOf, type Workbench } from "../session/workbench.ts";
import { useWorkbench } from "./use-workbench.ts";

const seenAgents = new WeakSet<Workbench>();

/**
 * False until an agent's graph is painted for the first time. The panels render after that, in steps that do not block
 * a drag.
 */
export function useFirstPaintDone(): boolean {
  const root = rootOf(useWorkbench());
  const [seen, setSeen] = useState(() => seenAgents.has(root));
  useEffect(() => {
    if (seenAgents.has(root)) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    // A timer set in an animation frame fires after that frame is painted.
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

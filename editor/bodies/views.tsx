/** The graph that is looked at: the agent's own, or a container's body inside of it. */
import { ReactFlowProvider } from "@xyflow/react";
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import { lookup } from "../state/lookup.ts";
import { useWorkbench, WorkbenchContext } from "../state/use-workbench.ts";
import type { Workbench } from "../state/workbench.ts";
import { bodyOf } from "./body.ts";
import { createLens } from "./lens.ts";

export interface Bodies {
  /** From the agent to the graph that is looked at. */
  stack: readonly Workbench[];
  /** Opens the body of a node of the graph that is looked at. */
  open(node: string): void;
  /** Goes back to the graph at this depth; 0 is the agent's. */
  back(depth: number): void;
}

const BodiesContext = createContext<Bodies | undefined>(undefined);

export function useBodies(): Bodies {
  const bodies = useContext(BodiesContext);
  if (!bodies) throw new Error("useBodies is used outside of an open agent.");
  return bodies;
}

/** Everything inside sees the workbench of the graph that is looked at. */
export function BodyViews({ root, children }: { root: Workbench; children: ReactNode }) {
  const [stack, setStack] = useState<readonly Workbench[]>([root]);
  const top = stack.at(-1)!;

  const bodies = useMemo<Bodies>(() => {
    const cut = (depth: number) => {
      for (const gone of stack.slice(depth + 1)) gone.close();
      setStack(stack.slice(0, depth + 1));
    };
    return {
      stack,
      open(node) {
        const lens = createLens(top, node);
        if (lens) setStack([...stack, lens]);
      },
      back(depth) {
        if (depth < 0 || depth >= stack.length - 1) return;
        const left = stack[depth + 1]!.inside!.node;
        cut(depth);
        const { graph, selection } = stack[depth]!;
        if (lookup(graph()).node(left)) selection.choose([left]);
      },
    };
  }, [stack, top]);

  // A body that is gone (undone, removed, replaced) cannot stay open.
  useEffect(() => {
    if (stack.length === 1) return;
    const gone = () => {
      const depth = stack.slice(1).findIndex(({ inside }) => {
        const holder = lookup(inside!.outer.graph()).node(inside!.node);
        return !holder || bodyOf(holder).is !== "graph";
      });
      if (depth >= 0) bodies.back(depth);
    };
    return root.document.subscribe(gone);
  }, [root, stack, bodies]);

  return (
    <BodiesContext.Provider value={bodies}>
      <WorkbenchContext.Provider value={top}>
        <ReactFlowProvider key={top.inside?.path.join("/") ?? ""}>{children}</ReactFlowProvider>
      </WorkbenchContext.Provider>
    </BodiesContext.Provider>
  );
}

/** What is about the agent as a whole (its versions, its conversation) sees the agent, whichever graph is looked at. */
export function OfAgent({ children }: { children: ReactNode }) {
  const workbench = useWorkbench();
  return <WorkbenchContext.Provider value={workbench.inside?.root ?? workbench}>{children}</WorkbenchContext.Provider>;
}

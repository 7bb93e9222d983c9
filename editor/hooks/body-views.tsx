/** The graph that is looked at: the agent's own, or what a node inside of it holds. */
import { ReactFlowProvider } from "@xyflow/react";
import { createContext, type ReactNode, useContext, useEffect, useMemo } from "react";
import { useStore } from "zustand";
import { type Bodies, createBodies } from "../session/open-bodies.ts";
import { rootOf, type Workbench } from "../session/workbench.ts";
import { useWorkbench, WorkbenchContext } from "./use-workbench.ts";

const BodiesContext = createContext<Bodies | undefined>(undefined);

export function useBodies(): Bodies {
  const bodies = useContext(BodiesContext);
  if (!bodies) throw new Error("useBodies is used outside of an open agent.");
  return bodies;
}

/** From the agent to the graph that is looked at. */
export const useStack = (): readonly Workbench[] => useStore(useBodies(), (state) => state.stack);

/** Everything inside sees the workbench of the graph that is looked at. */
export function BodyViews({ root, children }: { root: Workbench; children: ReactNode }) {
  const bodies = useMemo(() => createBodies(root), [root]);
  useEffect(() => bodies.follow(), [bodies]);
  const top = useStore(bodies, (state) => state.stack.at(-1)!);
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
  return <WorkbenchContext.Provider value={rootOf(useWorkbench())}>{children}</WorkbenchContext.Provider>;
}

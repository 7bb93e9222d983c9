/** The displayed graph: the agent's own, or the body of one of its nodes. */
import { ReactFlowProvider } from "@xyflow/react";
import { createContext, type ReactNode, useContext, useEffect, useMemo } from "react";
import { useStore } from "zustand";
import { type Bodies, createBodies } from "../session/open-bodies.ts";
import { rootOf, type Workbench } from "../session/workbench.ts";
import { useBodyAddress } from "./use-body-address.ts";
import { useWorkbench, WorkbenchContext } from "./use-workbench.ts";

const BodiesContext = createContext<Bodies | undefined>(undefined);

export function useBodies(): Bodies {
  const bodies = useContext(BodiesContext);
  if (!bodies) throw new Error("useBodies is used outside of an open agent.");
  return bodies;
}

/** The workbenches from the agent to the displayed graph. */
export const useBodyStack = (): readonly Workbench[] => useStore(useBodies(), (state) => state.stack);

/** Provides the workbench of the displayed graph to everything inside. */
export function BodyViews({ root, children }: { root: Workbench; children: ReactNode }) {
  const bodies = useMemo(() => createBodies(root), [root]);
  // First, so that closing the agent does not change the address.
  useBodyAddress(bodies);
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

/** Provides the agent's workbench, whichever graph is displayed: for versions and the conversation. */
export function AgentWorkbench({ children }: { children: ReactNode }) {
  return <WorkbenchContext.Provider value={rootOf(useWorkbench())}>{children}</WorkbenchContext.Provider>;
}

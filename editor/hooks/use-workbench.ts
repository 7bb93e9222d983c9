/** The stores of the open agent as hooks. Each renders again only when the selected value changes. */
import { createContext, useContext, useMemo } from "react";
import { useStore } from "zustand";
import { useShallow } from "zustand/react/shallow";
import type { Graph, GraphNode } from "../../runtime/graph.ts";
import type { NodeDefinition } from "../../runtime/node.ts";
import type { Ports } from "../../runtime/port.ts";
import { lookup } from "../graph/lookup.ts";
import type { Catalogue } from "../session/catalogue.ts";
import type { ConversationState } from "../session/conversation.ts";
import type { DocumentState } from "../session/document.ts";
import { type Issues, issuesOf } from "../session/issues.ts";
import type { LiveRunState } from "../session/live-run.ts";
import type { PanelLayout } from "../session/panel-layout.ts";
import type { SaveState } from "../session/save.ts";
import { onlyNode, type Selection } from "../session/selection.ts";
import type { Workbench } from "../session/workbench.ts";

export const WorkbenchContext = createContext<Workbench | undefined>(undefined);

export function useWorkbench(): Workbench {
  const workbench = useContext(WorkbenchContext);
  if (!workbench) throw new Error("useWorkbench is used outside of an open agent.");
  return workbench;
}

export const useDocument = <T>(pick: (state: DocumentState) => T): T => useStore(useWorkbench().document, pick);
export const useGraph = <T>(pick: (graph: Graph) => T): T => useDocument((state) => pick(state.graph));
export const useSelection = <T>(pick: (state: Selection) => T): T => useStore(useWorkbench().selection, pick);
export const useLive = <T>(pick: (state: LiveRunState) => T): T => useStore(useWorkbench().live, pick);
export const useConversation = <T>(pick: (state: ConversationState) => T): T =>
  useStore(useWorkbench().conversation, pick);
export const useIssues = <T>(pick: (state: Issues) => T): T => useStore(useWorkbench().issues, pick);
export const usePanels = <T>(pick: (state: PanelLayout) => T): T => useStore(useWorkbench().panels, useShallow(pick));
export const useSaving = <T>(pick: (state: SaveState) => T): T => useStore(useWorkbench().saver, pick);
export const useCatalogue = <T>(pick: (state: Catalogue) => T): T => useStore(useWorkbench().catalogue, pick);

/** The selected node, if exactly one is selected. */
export function useSelectedNode(): GraphNode | undefined {
  const id = useSelection(onlyNode);
  return useGraph((graph) => (id === undefined ? undefined : lookup(graph).node(id)));
}

export const useNodeIssues = (node: string) => useIssues((issues) => issuesOf(issues, node));

/** Whether nobody has changed the node since it was added. Its issues are shown quietly: it is not finished, not wrong. */
export const useIsFresh = (node: string): boolean =>
  useStore(useWorkbench().overlays, (state) => state.fresh.has(node));

export function useReader() {
  return useStore(useWorkbench().reader, (state) => state.reader);
}

/** A node's definition, its current ports, and its config with defaults (undefined if it is invalid). */
export function useNodeFacts(node: GraphNode): {
  definition?: NodeDefinition;
  ports: Ports;
  config?: Record<string, unknown>;
} {
  const reader = useReader();
  return useMemo(
    () => ({ definition: reader.definition(node), ports: reader.ports(node), config: reader.config(node) }),
    [reader, node],
  );
}

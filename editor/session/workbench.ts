/** The stores of one open agent. Created when the agent opens, and closed with it. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Graph } from "../../runtime/graph.ts";
import type { Issue } from "../../runtime/issue.ts";
import type { Command } from "../graph/commands.ts";
import { table } from "../graph/node-types.ts";
import { createPortReader, type PortReader } from "../graph/ports.ts";
import { type BuildConversation, type BuildDeps, createBuildConversation } from "./build-conversation.ts";
import { type CatalogueStore, checkContext, createCatalogue } from "./catalogue.ts";
import { type Conversation, type ConversationDeps, createConversation } from "./conversation.ts";
import { createDocument, type DocumentStore } from "./document.ts";
import { createIssues, type IssueStore } from "./issues.ts";
import { conversationStorage } from "./kept-conversation.ts";
import { createLiveRun, type LiveRun } from "./live-run.ts";
import { createOverlays, type OverlayStore, watchFresh } from "./overlays.ts";
import { createPanelLayout, type PanelLayoutStore } from "./panel-layout.ts";
import { createPendingEdge, type PendingEdgeStore } from "./pending-edge.ts";
import { type AgentApi, type Clock, createSaver, type DraftStorage, type SavedAgent, type Saver } from "./save.ts";
import { createSelection, deselectRemoved, type SelectionStore } from "./selection.ts";
import { createTestRuns, type TestRuns } from "./test-runs.ts";
import { createUnfinishedTexts, type UnfinishedTexts } from "./unfinished-text.ts";

export interface Workbench {
  id: string;
  document: DocumentStore;
  selection: SelectionStore;
  saver: Saver;
  issues: IssueStore;
  catalogue: CatalogueStore;
  /** Replaced when a change of the catalogue changes ports. */
  reader: StoreApi<{ reader: PortReader }>;
  live: LiveRun;
  conversation: Conversation;
  builder: BuildConversation;
  tests: TestRuns;
  panels: PanelLayoutStore;
  unfinished: UnfinishedTexts;
  pendingEdge: PendingEdgeStore;
  overlays: OverlayStore;
  /** Set for the graph inside a node: a container's body, or a called agent. */
  inside?: Inside;
  graph(): Graph;
  apply(command: Command): void;
  close(): void;
}

export interface Inside {
  root: Workbench;
  outer: Workbench;
  /** The node of the outer graph that contains this one. */
  node: string;
  /** The nodes from the agent's own graph to this one. */
  path: string[];
  /** The key of the displayed item; absent: see `defaultItem`. */
  item: StoreApi<{ item?: string }>;
  /** Set for the graph of a called agent, which cannot be edited here. */
  called?: { id: string; version?: number };
}

/** The workbench of the agent's own graph. */
export const rootOf = (workbench: Workbench): Workbench => workbench.inside?.root ?? workbench;

export interface WorkbenchDeps {
  agentApi: AgentApi;
  server: ConversationDeps["server"];
  propose: BuildDeps["propose"];
  storage: DraftStorage;
  clock: Clock;
  frame(call: () => void): void;
  newId(): string;
}

/** `saved.issues`: the issues that the server found in the graph. */
export function createWorkbench(id: string, saved: SavedAgent & { issues?: Issue[] }, deps: WorkbenchDeps): Workbench {
  const { clock, storage } = deps;
  const document = createDocument(saved.graph, clock.now);
  const catalogue = createCatalogue();
  const selection = createSelection();
  const overlays = createOverlays();
  const saver = createSaver({ id, document, agentApi: deps.agentApi, storage, clock }, saved);
  const issues = createIssues(
    document,
    catalogue,
    table,
    clock,
    // The server has not checked a draft that was stored in this browser.
    document.getState().graph === saved.graph ? saved.issues : undefined,
  );
  const reader = createStore<{ reader: PortReader }>(() => ({ reader: createPortReader(table, {}) }));
  const live = createLiveRun(deps.frame);
  const graph = () => document.getState().graph;
  const runDeps = { save: saver.flush, graph, now: clock.now, server: deps.server };
  const conversation = createConversation({
    ...runDeps,
    live,
    newId: deps.newId,
    kept: conversationStorage(storage, id),
  });
  const tests = createTestRuns(runDeps);
  const builder = createBuildConversation({ graph, propose: deps.propose });
  const ends = [
    catalogue.subscribe((next, before) => {
      if (next.tools !== before.tools || next.agents !== before.agents)
        reader.setState({ reader: createPortReader(table, checkContext(next)) });
    }),
    deselectRemoved(selection, document),
    watchFresh(overlays, document, live),
  ];
  return {
    id,
    document,
    selection,
    saver,
    issues,
    catalogue,
    reader,
    live,
    conversation,
    builder,
    tests,
    panels: createPanelLayout(storage),
    unfinished: createUnfinishedTexts(storage, `patchbay.typing.${id}`),
    pendingEdge: createPendingEdge(),
    overlays,
    graph,
    apply: document.apply,
    close() {
      for (const end of ends) end();
      issues.close();
      saver.close();
      conversation.close();
      builder.close();
      tests.cancel();
    },
  };
}

/** All that belongs to one open agent, made once when it opens and closed with it. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Graph } from "../../runtime/graph.ts";
import type { Issue } from "../../runtime/issue.ts";
import type { Command } from "../graph/commands.ts";
import { table } from "../graph/node-types.ts";
import { createPortReader, type PortReader } from "../graph/ports.ts";
import { type BuildConversation, type BuildDeps, createBuildConversation } from "./build-conversation.ts";
import { type AgentEntry, type Catalogue, type CatalogueStore, checkContext, createCatalogue } from "./catalogue.ts";
import { type Conversation, type ConversationDeps, createConversation } from "./conversation.ts";
import { createDocument, type DocumentStore } from "./document.ts";
import { createIssues, type IssueStore } from "./issues.ts";
import { createLiveRun, type LiveRun } from "./live-run.ts";
import { createOverlays, type OverlayStore } from "./overlays.ts";
import { createPanelLayout, type PanelLayoutStore } from "./panel-layout.ts";
import { createPendingEdge, type PendingEdgeStore } from "./pending-edge.ts";
import { type AgentApi, type Clock, createSaver, type DraftStorage, type SavedAgent, type Saver } from "./save.ts";
import { createSelection, type SelectionStore } from "./selection.ts";
import { createTestRuns, type TestRuns } from "./test-runs.ts";
import { createUnfinishedTexts, type UnfinishedTexts } from "./unfinished-text.ts";

export interface Workbench {
  id: string;
  document: DocumentStore;
  selection: SelectionStore;
  saver: Saver;
  issues: IssueStore;
  catalogue: CatalogueStore;
  /** Replaced when the catalogue changes what ports a node has. */
  reader: StoreApi<{ reader: PortReader }>;
  live: LiveRun;
  conversation: Conversation;
  builder: BuildConversation;
  tests: TestRuns;
  panels: PanelLayoutStore;
  unfinished: UnfinishedTexts;
  pendingEdge: PendingEdgeStore;
  overlays: OverlayStore;
  /** Where this is what a node holds (a container's body, a called agent) and not the agent's own graph. */
  inside?: Inside;
  graph(): Graph;
  apply(command: Command): void;
  close(): void;
}

export interface Inside {
  root: Workbench;
  outer: Workbench;
  /** The node of the outer graph that holds this one, and those from the agent's own graph to here. */
  node: string;
  path: string[];
  /** The key of the displayed item; absent: see `defaultItem`. */
  item: StoreApi<{ item?: string }>;
  /** It is another agent's graph, which is only shown. */
  called?: { id: string; version?: number };
}

/** The agent's own, whichever body of it is given. */
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

/** `saved.issues`: what the server said of the graph. */
export function createWorkbench(id: string, saved: SavedAgent & { issues?: Issue[] }, deps: WorkbenchDeps): Workbench {
  const { clock, storage } = deps;
  const document = createDocument(saved.graph, clock.now);
  const catalogue = createCatalogue();
  const selection = createSelection();
  const saver = createSaver({ id, document, agentApi: deps.agentApi, storage, clock }, saved);
  const issues = createIssues(
    document,
    catalogue,
    table,
    clock,
    // A draft that was kept in this browser stands in its place: nothing was said of that.
    document.getState().graph === saved.graph ? saved.issues : undefined,
  );
  const reader = createStore<{ reader: PortReader }>(() => ({ reader: createPortReader(table, {}) }));
  const live = createLiveRun(deps.frame);
  const conversation = createConversation({
    live,
    save: saver.flush,
    graph: () => document.getState().graph,
    newId: deps.newId,
    now: clock.now,
    server: deps.server,
  });
  const tests = createTestRuns({
    save: saver.flush,
    graph: () => document.getState().graph,
    now: clock.now,
    server: deps.server,
  });
  const builder = createBuildConversation({ graph: () => document.getState().graph, propose: deps.propose });
  const ends = [
    catalogue.subscribe((next, before) => {
      if (next.tools !== before.tools || !sameAgents(next.agents, before.agents))
        reader.setState({ reader: createPortReader(table, checkContext(next)) });
    }),
    // What is gone cannot stay chosen.
    document.subscribe((state, before) => {
      if (state.graph.nodes === before.graph.nodes && state.graph.edges === before.graph.edges) return;
      const chosen = selection.getState();
      if (chosen.nodes.size === 0) return;
      const there = new Set(state.graph.nodes.map((node) => node.id));
      const kept = [...chosen.nodes].filter((node) => there.has(node));
      if (kept.length < chosen.nodes.size) selection.choose(kept, chosen.edges);
    }),
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
    overlays: createOverlays(),
    graph: () => document.getState().graph,
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

function sameAgents(a: AgentEntry[], b: AgentEntry[]): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

/** Lists that did not change keep their identity, so that nothing is worked out again for nothing. */
export function setCatalogue(store: CatalogueStore, next: Catalogue): void {
  const old = store.getState();
  const kept: Partial<Catalogue> = {};
  let changed = false;
  for (const key of Object.keys(next) as (keyof Catalogue)[]) {
    if (JSON.stringify(old[key]) === JSON.stringify(next[key])) continue;
    Object.assign(kept, { [key]: next[key] });
    changed = true;
  }
  if (changed) store.setState(kept);
}

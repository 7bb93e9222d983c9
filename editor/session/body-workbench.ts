/**
 * The workbench of the graph inside a node, on top of the workbench around it. Commands on a container's body change the
 * outer document, so history, saving and conflicts are those of the agent; selection, issues and ports are the body's own.
 * The graph of a called agent is frozen. Bodies nest.
 */
import { createStore } from "zustand/vanilla";
import type { Graph } from "../../runtime/graph.ts";
import { bodyOf, withinBody } from "../graph/body.ts";
import { lookup } from "../graph/lookup.ts";
import { table } from "../graph/node-types.ts";
import { createPortReader } from "../graph/ports.ts";
import type { CalledAgent } from "./called-agents.ts";
import { checkContext } from "./catalogue.ts";
import { createDocument, type DocumentState, type DocumentStore } from "./document.ts";
import { createIssues } from "./issues.ts";
import { defaultItem, itemsOf, runStateWithin } from "./items.ts";
import type { LiveRun, LiveRunState } from "./live-run.ts";
import { createOverlays, watchFresh } from "./overlays.ts";
import { createPendingEdge } from "./pending-edge.ts";
import { systemClock } from "./save.ts";
import { createSelection, deselectRemoved } from "./selection.ts";
import { createUnfinishedTexts } from "./unfinished-text.ts";
import { type Inside, rootOf, type Workbench } from "./workbench.ts";

/**
 * `called`: the agent that the node calls or repeats. Returns undefined when there is neither an agent nor a body that can
 * be opened. `close` ends the subscriptions and does not close `outer`.
 */
export function createBodyWorkbench(outer: Workbench, node: string, called?: CalledAgent): Workbench | undefined {
  const first = called?.graph ?? graphOf(outer, node);
  if (!first) return undefined;
  const { document, endDocument } = called ? frozenDocument(first) : bodyDocument(outer, node, first);
  const item = createStore<{ item?: string }>(() => ({}));
  const { live, ends: endsOfLive } = bodyLiveRun(outer, node, item);
  const selection = createSelection();
  const overlays = createOverlays();
  const issues = createIssues(document, outer.catalogue, table, systemClock);
  const fresh = () => ({ reader: createPortReader(table, checkContext(outer.catalogue.getState())) });
  const reader = createStore(fresh);
  const ends = [
    endDocument,
    ...endsOfLive,
    outer.reader.subscribe(() => reader.setState(fresh())),
    deselectRemoved(selection, document),
    watchFresh(overlays, document, live),
  ];
  return {
    ...outer,
    inside: {
      root: rootOf(outer),
      outer,
      node,
      path: [...(outer.inside?.path ?? []), node],
      item,
      ...(called && { called: { id: called.id, ...(called.version !== undefined && { version: called.version }) } }),
    },
    document,
    selection,
    issues,
    reader,
    live,
    unfinished: createUnfinishedTexts(),
    pendingEdge: createPendingEdge(),
    overlays,
    graph: () => document.getState().graph,
    apply: document.apply,
    close() {
      for (const end of ends) end();
      issues.close();
    },
  };
}

function graphOf(outer: Workbench, node: string): Graph | undefined {
  const container = lookup(outer.graph()).node(node);
  const body = container && bodyOf(container);
  return body?.is === "graph" ? body.graph : undefined;
}

function frozenDocument(graph: Graph) {
  const document = createDocument(graph);
  document.freeze(true);
  return { document, endDocument: () => {} };
}

function bodyDocument(outer: Workbench, node: string, first: Graph) {
  const { document: around } = outer;
  // A body that no longer exists (undone, replaced by an agent) stays until its view closes.
  let graph = first;
  const read = (state: DocumentState): DocumentState => {
    graph = graphOf(outer, node) ?? graph;
    return { ...state, graph };
  };
  const store = createStore<DocumentState>(() => read(around.getState()));
  const endDocument = around.subscribe((state) => store.setState(read(state)));
  const apply: DocumentStore["apply"] = (command) => around.apply(withinBody(node, command));
  return { document: { ...around, ...store, apply }, endDocument };
}

function bodyLiveRun(outer: Workbench, node: string, choice: Inside["item"]) {
  const { live: around } = outer;
  const read = (): LiveRunState => {
    const { runState, lost } = around.getState();
    const items = itemsOf(runState, node);
    const wanted = choice.getState().item;
    const shown = items.find((one) => one.key === wanted) ?? defaultItem(items);
    return { runState: runState && shown ? runStateWithin(runState, shown.part) : undefined, lost };
  };
  const store = createStore<LiveRunState>(read);
  const update = () => store.setState(read());
  const ends = [around.subscribe(update), choice.subscribe(update)];
  const live: LiveRun = { ...around, ...store };
  return { live, ends };
}

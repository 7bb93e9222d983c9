/**
 * What a node holds, open in a view of its own: a workbench over the one around it. A container's body is edited: what is
 * changed is a change of the outer document, so undo, saving and conflicts are the agent's; what is chosen, what is wrong
 * and what is drawn are the body's. A called agent is only looked at. A body inside a body is a lens over a lens.
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
import { createOverlays } from "./overlays.ts";
import { createPendingEdge } from "./pending-edge.ts";
import type { Clock } from "./save.ts";
import { createSelection } from "./selection.ts";
import { createUnfinishedTexts } from "./unfinished-text.ts";
import { type Inside, rootOf, type Workbench } from "./workbench.ts";

const clock: Clock = {
  now: Date.now,
  after(ms, call) {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};

/**
 * `called`: the graph of the agent that the node calls or repeats. Undefined where there is none and the node has no body
 * that can be opened. `close` ends what the lens listens to, and nothing else.
 */
export function createBodyWorkbench(outer: Workbench, node: string, called?: CalledAgent): Workbench | undefined {
  const first = called?.graph ?? graphOf(outer, node);
  if (!first) return undefined;
  const { document, endDocument } = called ? frozenDocument(first) : bodyDocument(outer, node, first);
  const item = createStore<{ item?: string }>(() => ({}));
  const { live, endLive } = bodyLiveRun(outer, node, item);
  const selection = createSelection();
  const issues = createIssues(document, outer.catalogue, table, clock);
  const fresh = () => ({ reader: createPortReader(table, checkContext(outer.catalogue.getState())) });
  const reader = createStore(fresh);
  const ends = [
    endDocument,
    endLive,
    outer.reader.subscribe(() => reader.setState(fresh())),
    document.subscribe((state, before) => {
      if (state.graph.nodes === before.graph.nodes) return;
      const chosen = selection.getState();
      const there = new Set(state.graph.nodes.map((one) => one.id));
      const kept = [...chosen.nodes].filter((one) => there.has(one));
      if (kept.length < chosen.nodes.size) selection.choose(kept, chosen.edges);
    }),
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
    overlays: createOverlays(),
    graph: () => document.getState().graph,
    apply: document.apply,
    close() {
      for (const end of ends) end();
      issues.close();
    },
  };
}

function graphOf(outer: Workbench, node: string): Graph | undefined {
  const holder = lookup(outer.graph()).node(node);
  const body = holder && bodyOf(holder);
  return body?.is === "graph" ? body.graph : undefined;
}

function frozenDocument(graph: Graph) {
  const document = createDocument(graph);
  document.freeze(true);
  return { document, endDocument: () => {} };
}

function bodyDocument(outer: Workbench, node: string, first: Graph) {
  const { document: around } = outer;
  // A body that is gone (undone, replaced by an agent) is shown as it was until its view closes.
  let graph = first;
  const look = (state: DocumentState): DocumentState => {
    graph = graphOf(outer, node) ?? graph;
    return { ...state, graph };
  };
  const store = createStore<DocumentState>(() => look(around.getState()));
  const endDocument = around.subscribe((state) => store.setState(look(state)));
  const document: DocumentStore = Object.assign(store, {
    apply: (command: Parameters<DocumentStore["apply"]>[0]) => around.apply(withinBody(node, command)),
    undo: around.undo,
    redo: around.redo,
    seal: around.seal,
    load: around.load,
    freeze: around.freeze,
  });
  return { document, endDocument };
}

function bodyLiveRun(outer: Workbench, node: string, choice: Inside["item"]) {
  const { live: around } = outer;
  const look = (): LiveRunState => {
    const { runState, lost } = around.getState();
    const items = itemsOf(runState, node);
    const wanted = choice.getState().item;
    const shown = items.find((one) => one.key === wanted) ?? defaultItem(items);
    return { runState: runState && shown ? runStateWithin(runState, shown.part) : undefined, lost };
  };
  const store = createStore<LiveRunState>(look);
  const renew = () => store.setState(look());
  const ends = [around.subscribe(renew), choice.subscribe(renew)];
  const live: LiveRun = Object.assign(store, {
    begin: around.begin,
    push: around.push,
    settle: around.settle,
    show: around.show,
    setLost: around.setLost,
  });
  return {
    live,
    endLive() {
      for (const end of ends) end();
    },
  };
}

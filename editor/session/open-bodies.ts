/** The stack of open graphs: the agent's own, and those inside its nodes. The last is displayed. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { type Scope, scopeKey } from "../../runtime/event.ts";
import { bodyOf } from "../graph/body.ts";
import { lookup } from "../graph/lookup.ts";
import { createBodyWorkbench } from "./body-workbench.ts";
import { agentOf, type CalledAgent, fetchCalled } from "./called-agents.ts";
import type { Workbench } from "./workbench.ts";

export interface Bodies extends StoreApi<{ stack: readonly Workbench[] }> {
  /** Opens the body of a node of the displayed graph, or the agent that it calls. Rejects when the agent cannot be fetched. */
  open(node: string): Promise<void>;
  /** Goes back to the graph at this depth; 0 is the agent's own. Selects the node whose body was open. */
  back(depth: number): void;
  /** Shows the graph inside these nodes, from the agent's own graph on; stops before a node that has none. */
  goTo(path: readonly string[]): Promise<void>;
  /** Goes back to the graph of this workbench if a graph inside it is displayed. */
  reach(workbench: Workbench): void;
  /** Selects a node and brings it into view; first goes back to its graph. */
  show(workbench: Workbench, node: string): void;
  /** Shows a node of a run in its scope. When a graph of the scope cannot be opened, shows the node that contains it. */
  showAt(scope: Scope | undefined, node: string): Promise<void>;
  /** Leaves a body when it is removed from its graph. The returned function ends this and closes all bodies. */
  follow(): () => void;
}

export function createBodies(root: Workbench): Bodies {
  const store = createStore<{ stack: readonly Workbench[] }>(() => ({ stack: [root] }));
  const stack = () => store.getState().stack;
  const cut = (depth: number) => {
    for (const closed of stack().slice(depth + 1)) closed.close();
    store.setState({ stack: stack().slice(0, depth + 1) });
  };

  async function open(node: string): Promise<boolean> {
    const top = stack().at(-1)!;
    const container = lookup(top.graph()).node(node);
    const ref = container && agentOf(container);
    const called: CalledAgent | undefined = ref && (await fetchCalled(top, ref));
    // Another graph may be displayed by now.
    if (stack().at(-1) !== top) return false;
    const inner = createBodyWorkbench(top, node, called);
    if (inner) store.setState({ stack: [...stack(), inner] });
    return inner !== undefined;
  }

  const bodies: Bodies = Object.assign(store, {
    async open(node: string) {
      await open(node);
    },
    back(depth: number) {
      const left = stack()[depth + 1]?.inside?.node;
      if (depth < 0 || left === undefined) return;
      cut(depth);
      const { graph, selection } = stack()[depth]!;
      if (lookup(graph()).node(left)) selection.select([left]);
    },
    async goTo(path: readonly string[]) {
      let depth = 0;
      while (depth < path.length && stack()[depth + 1]?.inside?.node === path[depth]) depth++;
      bodies.back(depth);
      for (const node of path.slice(depth)) if (!(await open(node))) return;
    },
    reach(workbench: Workbench) {
      const depth = stack().indexOf(workbench);
      if (depth >= 0 && depth < stack().length - 1) cut(depth);
    },
    show(workbench: Workbench, node: string) {
      bodies.reach(workbench);
      workbench.selection.select([node]);
      workbench.overlays.setState({ reveal: node });
    },
    async showAt(scope: Scope | undefined, node: string) {
      let depth = 0;
      for (const part of scope ?? []) {
        const next = stack()[depth + 1];
        if (next?.inside?.node !== part.node) {
          cut(depth);
          if (!(await open(part.node))) return bodies.show(stack().at(-1)!, part.node);
        }
        depth++;
        stack()[depth]!.inside!.item.setState({ item: scopeKey([part]) });
      }
      bodies.show(stack()[depth]!, node);
    },
    follow() {
      const end = root.document.subscribe(() => {
        const depth = stack().findIndex((workbench) => workbench.inside && !exists(workbench));
        if (depth > 0) bodies.back(depth - 1);
      });
      return () => {
        end();
        cut(0);
      };
    },
  });
  return bodies;
}

/** Whether the node still contains the graph of this workbench. */
function exists({ inside }: Workbench): boolean {
  const container = inside && lookup(inside.outer.graph()).node(inside.node);
  if (!container) return false;
  return inside.called ? agentOf(container) !== undefined : bodyOf(container).is === "graph";
}

/** Which graph is looked at: the agent's own, or what a node of it holds, however deep. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { type Scope, scopeKey } from "../../runtime/event.ts";
import { bodyOf } from "../graph/body.ts";
import { lookup } from "../graph/lookup.ts";
import { createBodyWorkbench } from "./body-workbench.ts";
import { agentOf, type CalledAgent, fetchCalled } from "./called-agents.ts";
import type { Workbench } from "./workbench.ts";

export interface Bodies extends StoreApi<{ stack: readonly Workbench[] }> {
  /** Opens the body of a node of the graph that is looked at, or the agent that it calls. Rejects where that cannot be fetched. */
  open(node: string): Promise<void>;
  /** Goes back to the graph at this depth; 0 is the agent's. The node that was left is chosen. */
  back(depth: number): void;
  /** Goes back to the graph of this workbench, where another inside of it is looked at. */
  reach(workbench: Workbench): void;
  /** Chooses a node and brings it into view, going back to its graph where need be. */
  show(workbench: Workbench, node: string): void;
  /** Shows a node of a run where it ran: in this item, in that turn. As far in as can be opened. */
  showAt(scope: Scope | undefined, node: string): Promise<void>;
  /** Leaves a body that is gone from its graph, until the returned function is called, which closes all of them. */
  follow(): () => void;
}

export function createBodies(root: Workbench): Bodies {
  const store = createStore<{ stack: readonly Workbench[] }>(() => ({ stack: [root] }));
  const stack = () => store.getState().stack;
  const cut = (depth: number) => {
    for (const gone of stack().slice(depth + 1)) gone.close();
    store.setState({ stack: stack().slice(0, depth + 1) });
  };

  async function open(node: string): Promise<boolean> {
    const top = stack().at(-1)!;
    const holder = lookup(top.graph()).node(node);
    const ref = holder && agentOf(holder);
    const called: CalledAgent | undefined = ref && (await fetchCalled(top, ref));
    // Somebody went elsewhere meanwhile.
    if (stack().at(-1) !== top) return false;
    const lens = createBodyWorkbench(top, node, called);
    if (lens) store.setState({ stack: [...stack(), lens] });
    return lens !== undefined;
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
      if (lookup(graph()).node(left)) selection.choose([left]);
    },
    reach(workbench: Workbench) {
      const depth = stack().indexOf(workbench);
      if (depth >= 0 && depth < stack().length - 1) cut(depth);
    },
    show(workbench: Workbench, node: string) {
      bodies.reach(workbench);
      workbench.selection.choose([node]);
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
        const depth = stack().findIndex((workbench) => workbench.inside && !holds(workbench));
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

/** Whether the node around still holds what is shown. */
function holds({ inside }: Workbench): boolean {
  const holder = inside && lookup(inside.outer.graph()).node(inside.node);
  if (!holder) return false;
  return inside.called ? agentOf(holder) !== undefined : bodyOf(holder).is === "graph";
}

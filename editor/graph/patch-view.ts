/** A patch compared with the current graph: what each part changes, which parts do not fit, and which issues it adds. */
import { checkGraph } from "../../runtime/check.ts";
import { diffGraphs, type ValueChange } from "../../runtime/diff.ts";
import type { Graph, GraphNode } from "../../runtime/graph.ts";
import type { Issue } from "../../runtime/issue.ts";
import type { CheckContext, NodeTable } from "../../runtime/node.ts";
import { applyPatch, type PatchPart, type PatchRejection } from "../../runtime/patch.ts";

export interface PartView {
  /** Its index in the patch. */
  index: number;
  part: PatchPart;
  /** The changed values of config, title, name and settings; of a new node, its config. */
  values: ValueChange[];
  /** Why it cannot be applied after the selected parts before it. */
  misfit?: PatchRejection;
}

export interface PatchView {
  parts: PartView[];
  /** The graph with the selected parts that fit. */
  graph: Graph;
  /** Indices of the selected parts that fit. */
  fits: ReadonlySet<number>;
}

/** Pure. A part that is not selected is compared with the graph at its turn, and not applied. */
export function viewPatch(
  graph: Graph,
  parts: readonly PatchPart[],
  unticked: ReadonlySet<number>,
  table: NodeTable,
): PatchView {
  let current = graph;
  const fits = new Set<number>();
  const views = parts.map((part, index): PartView => {
    const { graph: next, left } = applyPatch(current, [part], table);
    const [misfit] = left;
    const view: PartView = { index, part, values: misfit ? asked(part) : changes(current, next, part, table) };
    if (unticked.has(index)) return view;
    if (misfit) return { ...view, misfit };
    current = next;
    fits.add(index);
    return view;
  });
  return { parts: views, graph: current, fits };
}

function changes(before: Graph, after: Graph, part: PatchPart, table: NodeTable): ValueChange[] {
  switch (part.do) {
    case "set-config":
    case "set-title": {
      const diff = diffGraphs(only(before, part.id), only(after, part.id), table);
      return diff.nodes.flatMap((node) => node.values);
    }
    case "set-about":
    case "set-settings":
      return diffGraphs(only(before), only(after), table).about;
    default:
      return asked(part);
  }
}

/** The values of a part that has nothing to compare with. */
function asked(part: PatchPart): ValueChange[] {
  const list = (values: object, path: string) =>
    Object.entries(values).map(([key, after]): ValueChange => ({ path: `${path}/${key}`, after }));
  switch (part.do) {
    case "add-node":
    case "set-config":
      return list(part.config, "/config");
    case "set-settings":
      return list(part.settings, "/settings");
    case "set-title":
      return [{ path: "/title", after: part.title }];
    case "set-about":
      return list(
        { ...(part.name && { name: part.name }), ...(part.description && { description: part.description }) },
        "",
      );
    default:
      return [];
  }
}

/** The graph with one node, or none, so that the comparison does not depend on the size of the graph. */
function only(graph: Graph, id?: string): Graph {
  const nodes = graph.nodes.filter((node: GraphNode) => node.id === id);
  return { ...graph, nodes, edges: [], layout: {} };
}

/** Issues in `after` that `before` does not have. */
export function newIssues(before: Graph, after: Graph, table: NodeTable, context: CheckContext): Issue[] {
  if (before === after) return [];
  const key = (issue: Issue) => JSON.stringify([issue.code, issue.node, issue.port, issue.message]);
  const had = new Set(checkGraph(before, table, context).map(key));
  return checkGraph(after, table, context).filter((issue) => !had.has(key(issue)));
}

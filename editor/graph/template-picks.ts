/** What can be written between `{{` and `}}` in a template: the node's inputs, and what the nodes before it give. */
import type { Graph, GraphEdge, GraphNode } from "../../runtime/graph.ts";
import type { Kind, Port } from "../../runtime/port.ts";
import { templateNames } from "../../runtime/template.ts";
import { lookup, reach } from "./lookup.ts";
import { type PortReader, portAt } from "./ports.ts";

export interface TemplatePick {
  name: string;
  kind: Kind;
  /** Where its value comes from, or would come from. */
  from?: { node: GraphNode; port: Port };
  /** The connection that the name needs, when it is not there yet. */
  edge?: GraphEdge;
}

/** Outputs that say less than the name of their node. */
const PLAIN = new Set(["text", "result", "results", "reply", "body", "value", "approved"]);

/** The connected inputs first, then the outputs of earlier nodes in the order of the graph, then inputs without a value. */
export function templatePicks(graph: Graph, reader: PortReader, id: string): TemplatePick[] {
  const at = lookup(graph);
  const node = at.node(id);
  if (!node) return [];
  const connected: TemplatePick[] = [];
  const open: TemplatePick[] = [];
  const used = new Set<string>();
  for (const { id: name } of reader.ports(node).inputs) {
    const [edge] = at.at(id, name, "in");
    const port = edge && portAt(graph, reader, edge.from, "out");
    const source = edge && at.node(edge.from.slice(0, edge.from.indexOf(".")));
    if (!port || !source) open.push({ name, kind: "any" });
    else connected.push({ name, kind: port.kind, from: { node: source, port } });
    for (const one of at.at(id, name, "in")) used.add(one.from);
  }
  const taken = new Set(connected.map(({ name }) => name));
  const behind = reach(graph, id, "out");
  const outputs: TemplatePick[] = [];
  for (const source of graph.nodes) {
    if (behind.has(source.id)) continue;
    for (const port of reader.ports(source).outputs) {
      const from = `${source.id}.${port.id}`;
      if (port.kind === "tools" || used.has(from)) continue;
      const name = freeName(source, port, reader.definition(source)?.role === "input", taken);
      taken.add(name);
      outputs.push({ name, kind: port.kind, from: { node: source, port }, edge: { from, to: `${id}.${name}` } });
    }
  }
  return [...connected, ...outputs, ...open.filter(({ name }) => !taken.has(name))];
}

function freeName(node: GraphNode, port: Port, isInput: boolean, taken: ReadonlySet<string>): string {
  const own = node.id.replaceAll("-", "_");
  const wanted = isInput || !PLAIN.has(port.id) ? [port.id, `${own}_${port.id}`] : [own, `${own}_${port.id}`];
  const free = wanted.find((name) => !taken.has(name) && isName(name));
  if (free !== undefined) return free;
  for (let n = 2; ; n++) if (!taken.has(`${own}_${n}`)) return `${own}_${n}`;
}

const isName = (name: string) => templateNames(`{{${name}}}`)[0] === name;

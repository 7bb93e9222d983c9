/** The values that cross the boundary of the selected nodes, and their names on both sides. */
import { FIELD_NAME, type Field } from "../../runtime/field.ts";
import { edgeEnd } from "../../runtime/graph.ts";
import type { Kind } from "../../runtime/port.ts";
import type { CompiledEdge, CompiledNode } from "../../runtime/resolve.ts";
import { INPUT_PORTS } from "./body.ts";
import { repliesWithDocuments } from "./data-flow.ts";

/** A value that enters: `from` are outer ends (more than one when only one of them is taken), `to` are inner ends. */
export interface Entry extends Field {
  from: string[];
  to: string[];
}

export const from = (edge: CompiledEdge) => `${edge.from.id}.${edge.fromPort}`;
export const to = (edge: CompiledEdge) => `${edge.to.id}.${edge.toPort}`;
export const nodeOf = (end: string) => edgeEnd(end).node;
export const outputOf = (edge: CompiledEdge) => edge.from.outputs.find((port) => port.id === edge.fromPort)!;
export const inputOf = (edge: CompiledEdge) => edge.to.inputs.find((port) => port.id === edge.toPort)!;
const takesMany = (edge: CompiledEdge) => inputOf(edge).many === true;

/** Nodes outside through which a value would leave the selected nodes and return. */
export function nodesOnReturnPath(
  leaving: readonly CompiledEdge[],
  entering: readonly CompiledEdge[],
  inside: ReadonlySet<string>,
): string[] {
  const behind = walk(
    leaving.map((edge) => edge.to),
    (node) => node.outgoing.map((edge) => edge.to),
  );
  const before = walk(
    entering.map((edge) => edge.from),
    (node) => node.incoming.map((edge) => edge.from),
  );
  return [...behind].filter((node) => before.has(node)).map((node) => node.id);

  function walk(first: CompiledNode[], next: (node: CompiledNode) => CompiledNode[]): Set<CompiledNode> {
    const seen = new Set(first);
    for (const node of seen) for (const one of next(node)) if (!inside.has(one.id)) seen.add(one);
    return seen;
  }
}

/**
 * One entry for each value that enters. Exclusive branches into one input are one entry. An entry is required when
 * nothing inside runs without it, so that the agent stays idle exactly when its nodes would have.
 */
export function entriesOf(
  entering: readonly CompiledEdge[],
  outerInput: CompiledNode | undefined,
  idleWithout: (sources: string[]) => boolean,
): Entry[] {
  const byTarget = Map.groupBy(entering, (edge) => (takesMany(edge) ? `${to(edge)} ${from(edge)}` : to(edge)));
  const bySources = Map.groupBy(byTarget.values(), (edges) => edges.map(from).sort().join(" "));
  const own = new Map(outerInput ? INPUT_PORTS.map((port) => [`${outerInput.id}.${port}`, port]) : []);
  const taken = new Set(INPUT_PORTS);
  return [...bySources].map(([key, targets]) => {
    const { from: source, fromPort, toPort } = targets[0]![0]!;
    const fallbacks = source.definition.exclusive ? [fromPort, source.id] : [source.id];
    const name = own.get(key) ?? freeName([toPort, ...fallbacks], taken);
    taken.add(name);
    const sources = targets[0]!.map(from);
    const ends = targets.map(([edge]) => to(edge!));
    return { name, kind: kindOf(targets.flat()), required: idleWithout(sources), from: sources, to: ends };
  });
}

/** The kind that passes a value unchanged. Outputs of code are not checked: its declared text may be another value. */
function kindOf(edges: readonly CompiledEdge[]): Kind {
  const kinds = new Set(edges.map((edge) => outputOf(edge).kind));
  const [kind] = kinds;
  if (kind === undefined || kinds.size > 1) return "any";
  const rewritten = kind === "text" || kind === "messages";
  const trusted = (edge: CompiledEdge) => !edge.from.definition.uncheckedOutputs || inputOf(edge).kind === kind;
  return !rewritten || edges.every(trusted) ? kind : "any";
}

/** The first candidate that is valid and free as a field name, else the last one with a number. */
function freeName(wishes: string[], taken: ReadonlySet<string>): string {
  const fitting = wishes.filter((wish) => FIELD_NAME.test(wish));
  const free = fitting.find((wish) => !taken.has(wish));
  if (free !== undefined) return free;
  const stem = (fitting.at(-1) ?? "value").slice(0, 56);
  for (let n = 2; ; n++) if (!taken.has(`${stem}-${n}`)) return `${stem}-${n}`;
}

/**
 * The sources of the agent's message, which every agent needs: the entry named `message`, else a required text entry
 * (it is renamed to `message`), else the message of the outer agent, which then is not used inside.
 */
export function messageOf(entries: Entry[], outerInput: CompiledNode | undefined): string[] | undefined {
  const found =
    entries.find((entry) => entry.name === "message") ??
    entries.find((entry) => entry.kind === "text" && entry.required);
  if (found) {
    found.name = "message";
    return found.from;
  }
  return outerInput && [`${outerInput.id}.message`];
}

/**
 * Maps each inner end to an output of the agent. Values that go to the same ends are one output. Undefined when more
 * leaves than a reply and its documents, or when one may come without the other.
 */
export function exitsOf(
  leaving: readonly CompiledEdge[],
  nodes: readonly CompiledNode[],
): Map<string, "reply" | "documents"> | undefined {
  const bySource = Map.groupBy(leaving, from);
  const groups = Map.groupBy([...bySource], ([source, edges]) =>
    edges.some(takesMany) ? source : edges.map(to).sort().join(" "),
  );
  const exits = [...groups.values()].map((group) => group.flatMap(([, edges]) => edges));
  const as = (edges: readonly CompiledEdge[], port: "reply" | "documents") =>
    edges.map((edge) => [from(edge), port] as const);
  if (exits.length <= 1) return new Map(exits.flatMap((edges) => as(edges, "reply")));
  if (exits.length > 2) return undefined;
  for (const [reply, documents] of [exits, exits.toReversed()] as [CompiledEdge[], CompiledEdge[]][]) {
    if (documents.some((edge) => outputOf(edge).kind !== "documents")) continue;
    if (sameOutput(reply, documents) || repliesWithDocuments(nodes, reply, documents))
      return new Map([...as(reply, "reply"), ...as(documents, "documents")]);
  }
  return undefined;
}

/** Both go to the agent's own output, which expects them as a pair. */
function sameOutput(reply: readonly CompiledEdge[], documents: readonly CompiledEdge[]): boolean {
  const output = documents[0]!.to;
  if (output.definition.role !== "output" || documents.some((edge) => edge.to !== output)) return false;
  const replies = output.incoming.filter((edge) => edge.toPort === "reply");
  return replies.length > 0 && replies.every((edge) => reply.includes(edge));
}

/** The end ("node.port") of the last node that nothing is connected to, else of the last node. */
export function lastOutput(nodes: readonly CompiledNode[]): string | undefined {
  const ends = nodes.flatMap((node) => {
    const port = node.outputs.find((one) => one.kind !== "tools");
    return port ? [{ node, end: `${node.id}.${port.id}` }] : [];
  });
  return (ends.findLast(({ node }) => node.outgoing.length === 0) ?? ends.at(-1))?.end;
}

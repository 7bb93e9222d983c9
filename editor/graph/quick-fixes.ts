/** The quick fix of an issue or of a failed run: a command, a field to open, or a page. */
import type { ErrorCode } from "../../runtime/error.ts";
import { edgeEnd, type Graph, type GraphEdge, type GraphNode } from "../../runtime/graph.ts";
import { type Issue, parsePointer } from "../../runtime/issue.ts";
import { connectablePorts } from "./can-connect.ts";
import { type Command, connect, freeId, remove, setConfig } from "./commands.ts";
import { edgeOf, lookup, reach } from "./lookup.ts";
import { definitionOf, freshOf } from "./node-types.ts";
import type { PortReader } from "./ports.ts";

/** The label of the button; the i18n key is `canvas:fix.<label>`. */
export type QuickFixLabel =
  | "removeEdge"
  | "removeNode"
  | "removeKey"
  | "connect"
  | "connectTo"
  | "addInput"
  | "addOutput"
  | "rename"
  | "openField"
  | "models"
  | "tools"
  | "knowledge"
  | "secrets"
  | "setSecret"
  | "issues"
  | "askFirst"
  | "runAgain";

export type QuickFix = {
  label: QuickFixLabel;
  /** The other end, for `connect` and `connectTo`; the key, for `removeKey`. */
  what?: string;
} & (
  | { does: "command"; command: Command }
  /** Opens the node's form at a config key. */
  | { does: "field"; node: string; key?: string }
  | { does: "page"; href: string }
  | { does: "panel"; panel: "issues" | "try" }
);

/** The fix of an issue, or undefined when there is no automatic one. Without a `reader`, connections are not proposed. */
export function fixFor(issue: Issue, graph: Graph, reader?: PortReader): QuickFix | undefined {
  const edge = edgeOf(graph, issue);
  switch (issue.code) {
    case "duplicate-edge":
    case "unknown-node":
    case "unknown-port":
    case "kind-mismatch":
    case "too-many-edges":
      return edge && removeEdge(edge);
    case "cycle":
      return breakCycle(graph, issue.node);
    case "missing-edge": {
      if (!reader || issue.node === undefined || issue.port === undefined) return undefined;
      const [mate] = connectablePorts(graph, reader, issue.node, issue.port, "in");
      return (
        mate && {
          label: "connect",
          what: mate.end,
          does: "command",
          command: { ...connect({ from: mate.end, to: `${issue.node}.${issue.port}` }), label: "fix" },
        }
      );
    }
    case "no-input":
      return { label: "addInput", does: "command", command: addEnd("input") };
    case "no-output":
      return { label: "addOutput", does: "command", command: addEnd("output") };
    case "too-many-inputs":
    case "too-many-outputs":
      return issue.node === undefined
        ? undefined
        : { label: "removeNode", does: "command", command: { ...remove(new Set([issue.node])), label: "fix" } };
    case "unreachable":
      return reader && issue.node !== undefined ? connectOnward(graph, reader, issue.node) : undefined;
    case "duplicate-id":
      return renameSecond(issue);
    case "unknown-key":
      return removeKey(issue);
    case "bad-config":
    case "bad-template":
    case "bad-body":
    case "missing-agent":
      return toField(issue);
    case "missing-knowledge":
      return toField(issue, "knowledge");
    case "missing-model":
      return toField(issue, "model");
    case "acts-unasked":
      return { label: "askFirst", does: "command", command: askFirst(issue) };
    case "demo-model":
      return { label: "models", does: "page", href: "/models" };
    case "missing-tool":
      return { label: "tools", does: "page", href: "/tools" };
    case "missing-secret":
      return setSecret(issue.message);
    default:
      return undefined;
  }
}

/** Opens the form of the secret that the message names last. */
function setSecret(message: string): QuickFix {
  const name = [...message.matchAll(/"([^"]*)"/g)].at(-1)?.[1] ?? "";
  return { label: "setSecret", what: name, does: "page", href: `/settings/secrets?set=${encodeURIComponent(name)}` };
}

const BY_CODE: Partial<Record<ErrorCode, { label: QuickFixLabel; href: string }>> = {
  model_missing: { label: "models", href: "/models" },
  model_not_found: { label: "models", href: "/models" },
  auth_failed: { label: "models", href: "/models" },
  provider_unavailable: { label: "models", href: "/models" },
  knowledge_missing: { label: "knowledge", href: "/knowledge" },
  secret_missing: { label: "secrets", href: "/settings/secrets" },
  tool_not_allowed: { label: "tools", href: "/tools" },
  mcp_start_failed: { label: "tools", href: "/tools/servers" },
  mcp_failed: { label: "tools", href: "/tools/servers" },
};

/** The config key that sets the exceeded limit, or holds the cause. */
const LIMIT_FIELD: Partial<Record<ErrorCode, string>> = {
  step_limit: "maxSteps",
  tool_call_limit: "budget",
  token_limit: "budget",
  cost_limit: "budget",
  time_limit: "budget",
  context_overflow: "model",
  output_limit: "model",
  invalid_output: "schema",
  code_failed: "source",
  code_timeout: "timeoutMs",
  bad_request: "",
};

/** The fix of a failure in a run. */
export function fixForError(error: { code: ErrorCode }, node: string | undefined): QuickFix | undefined {
  if (error.code === "graph_has_issues") return { label: "issues", does: "panel", panel: "issues" };
  const page = BY_CODE[error.code];
  if (page) return { label: page.label, does: "page", href: page.href };
  const key = LIMIT_FIELD[error.code];
  if (node !== undefined && key !== undefined)
    return { label: "openField", does: "field", node, ...(key ? { key } : {}) };
  return undefined;
}

/** The config key that an issue's path points at. */
export function fieldOf(issue: Issue): string | undefined {
  const [root, , part, key] = parsePointer(issue.path ?? "");
  return root === "nodes" && part === "config" ? key : undefined;
}

function toField(issue: Issue, key = fieldOf(issue)): QuickFix | undefined {
  return issue.node === undefined ? undefined : { label: "openField", does: "field", node: issue.node, key };
}

function removeEdge(edge: GraphEdge): QuickFix {
  const run = (graph: Graph): Graph =>
    graph.edges.includes(edge) ? { ...graph, edges: graph.edges.filter((other) => other !== edge) } : graph;
  return { label: "removeEdge", does: "command", command: { label: "fix", run } };
}

/** Requires approval for the tool that the issue's path names, whatever its nodes set. */
function askFirst(issue: Issue): Command {
  const [root, part, tool] = parsePointer(issue.path ?? "");
  return {
    label: "fix",
    run(graph) {
      if (root !== "settings" || part !== "approvals" || !tool) return graph;
      return { ...graph, settings: { ...graph.settings, approvals: { ...graph.settings.approvals, [tool]: "ask" } } };
    },
  };
}

/** Connects an output to an input that is free and leads to the reply. */
function connectOnward(graph: Graph, reader: PortReader, id: string): QuickFix | undefined {
  const node = lookup(graph).node(id);
  const ends = graph.nodes.filter((one) => {
    const definition = reader.definition(one);
    return definition?.role === "output" || definition?.group === "act";
  });
  const onward = new Set(ends.flatMap((end) => [...reach(graph, end.id, "in")]));
  for (const output of node ? reader.ports(node).outputs : []) {
    const mate = connectablePorts(graph, reader, id, output.id, "out").find(
      ({ node: other, port }) =>
        onward.has(other.id) && (port.many || lookup(graph).at(other.id, port.id, "in").length === 0),
    );
    if (!mate) continue;
    const command = connect({ from: `${id}.${output.id}`, to: mate.end });
    return { label: "connectTo", what: mate.end, does: "command", command: { ...command, label: "fix" } };
  }
  return undefined;
}

function breakCycle(graph: Graph, node: string | undefined): QuickFix | undefined {
  if (node === undefined) return undefined;
  const downstream = reach(graph, node, "out");
  const back = lookup(graph)
    .into(node)
    .find((edge) => downstream.has(edgeEnd(edge.from).node));
  return back && removeEdge(back);
}

function addEnd(role: "input" | "output"): Command {
  return {
    label: "fix",
    run(graph) {
      const { defaultId = role } = definitionOf(role);
      const id = freeId(defaultId, new Set(graph.nodes.map((one) => one.id)));
      const node: GraphNode = { id, ...freshOf(role) };
      const positions = Object.values(graph.layout);
      const xs = positions.map((position) => position.x);
      const x = positions.length === 0 ? 0 : role === "input" ? Math.min(...xs) - 304 : Math.max(...xs) + 304;
      const y =
        positions.length === 0
          ? 0
          : Math.round(positions.reduce((sum, position) => sum + position.y, 0) / positions.length);
      return {
        ...graph,
        nodes: role === "input" ? [node, ...graph.nodes] : [...graph.nodes, node],
        layout: { ...graph.layout, [id]: { x, y } },
      };
    },
  };
}

function renameSecond(issue: Issue): QuickFix | undefined {
  const match = /^\/nodes\/(\d+)\/id/.exec(issue.path ?? "");
  if (!match) return undefined;
  const index = Number(match[1]);
  return {
    label: "rename",
    does: "command",
    command: {
      label: "fix",
      run(graph) {
        const node = graph.nodes[index];
        if (!node) return graph;
        const id = freeId(node.id, new Set(graph.nodes.map((one) => one.id)));
        const old = graph.layout[node.id] ?? { x: 0, y: 0 };
        return {
          ...graph,
          nodes: graph.nodes.map((one, at) => (at === index ? { ...one, id } : one)),
          layout: { ...graph.layout, [id]: { ...old, x: old.x + 40, y: old.y + 60 } },
        };
      },
    },
  };
}

function removeKey(issue: Issue): QuickFix | undefined {
  const key = fieldOf(issue);
  const { node } = issue;
  if (node === undefined || key === undefined) return undefined;
  if (!issue.path?.endsWith(`/config/${key}`)) return toField(issue);
  return {
    label: "removeKey",
    what: key,
    does: "command",
    command: { label: "fix", run: setConfig(node, key, undefined).run },
  };
}

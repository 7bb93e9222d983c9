/**
 * Where a model reads what others wrote and may act on it with nobody asked: words hidden in a document or in a tool's
 * result could make it act (prompt injection; OWASP LLM01 and LLM06). Seen from the graph alone, before any run.
 */
import type { CheckContext } from "./check.ts";
import type { Settings } from "./graph.ts";
import type { CompiledNode } from "./resolve.ts";
import { approvalOf, type ToolSpec } from "./tool.ts";

/** Tools that work on what they are given and bring in nobody else's words. */
const BRINGS_NOTHING = /^(code\/|builtin\/(calculator|clock|json|text|tool_search)$)/;

/**
 * The first tool of this node that changes or sends something without asking, and what the node reads that others wrote:
 * a node's title or a tool's name. Absent where one of the two is missing. What a tool does by default asks, so this is
 * only ever what the author set to `auto`.
 */
export function findUnapprovedAction(
  node: CompiledNode,
  settings: Settings,
  context: CheckContext,
): { tool: string; reads: string } | undefined {
  const kindOf = new Map(node.inputs.map((port) => [port.id, port.kind]));
  const wired = (kind: string) => node.incoming.filter((edge) => kindOf.get(edge.toPort) === kind);
  const offered: { tool: ToolSpec; unasked: boolean }[] = [];
  for (const { from } of wired("tools")) {
    const { tools = [], approvals = {} } = from.definition.needs?.(from.config) ?? {};
    for (const tool of tools.flatMap((pattern) => context.tools?.(pattern) ?? [])) {
      const approval = approvalOf(tool.name, settings.approvals, approvals);
      if (approval !== "off") offered.push({ tool, unasked: approval === "auto" && tool.effect !== "read" });
    }
  }
  const acting = offered.find((one) => one.unasked);
  if (!acting) return undefined;
  const reads =
    [...wired("documents"), ...wired("files")][0]?.from.title ??
    offered.find(({ tool }) => !BRINGS_NOTHING.test(tool.name))?.tool.name;
  return reads === undefined ? undefined : { tool: acting.tool.name, reads };
}

/**
 * Finds models that read text from others and may act without approval: instructions hidden in a document or in a tool's
 * result could make them act (prompt injection; OWASP LLM01 and LLM06). Decided from the graph alone, before any run.
 */
import { approvalFor } from "./approval.ts";
import type { Settings } from "./graph.ts";
import type { CheckContext } from "./node.ts";
import type { CompiledNode } from "./resolve.ts";
import type { ToolSpec } from "./tool.ts";

/** Tools that use only their arguments, so their results contain no foreign text. */
const NO_FOREIGN_TEXT = /^(code\/|builtin\/(calculator|clock|json|text|tool_search)$)/;

/**
 * The first tool of this node that changes or sends something without approval, and the source of foreign text that the
 * node reads: a node's title or a tool's name. Undefined when one of the two is missing. By default such a tool asks, so
 * this finds only what the author set to `auto`.
 */
export function findUnapprovedAction(
  node: CompiledNode,
  settings: Settings,
  context: CheckContext,
): { tool: string; reads: string } | undefined {
  const kindOf = new Map(node.inputs.map((port) => [port.id, port.kind]));
  const incoming = (kind: string) => node.incoming.filter((edge) => kindOf.get(edge.toPort) === kind);
  const offered: { tool: ToolSpec; unapproved: boolean }[] = [];
  for (const { from } of incoming("tools")) {
    const { tools = [], approvals = {} } = from.definition.needs?.(from.config) ?? {};
    for (const tool of tools.flatMap((pattern) => context.tools?.(pattern) ?? [])) {
      const approval = approvalFor(tool, settings, approvals);
      if (approval !== "off") offered.push({ tool, unapproved: approval === "auto" && tool.effect !== "read" });
    }
  }
  const acting = offered.find((one) => one.unapproved);
  if (!acting) return undefined;
  const reads =
    [...incoming("documents"), ...incoming("files")][0]?.from.title ??
    offered.find(({ tool }) => !NO_FOREIGN_TEXT.test(tool.name))?.tool.name;
  return reads === undefined ? undefined : { tool: acting.tool.name, reads };
}

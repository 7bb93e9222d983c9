/** Prepares a graph for publishing: each reference to another agent gets its live version, and test data is removed. */
import type { Graph } from "../../runtime/graph.ts";
import { type Issue, pointer } from "../../runtime/issue.ts";
import type { NodeTable } from "../../runtime/node.ts";

/**
 * A copy of the graph in which every `{ agent }` without a version has one, inline bodies included. An agent that is
 * not published is an issue. Pinned outputs (`x-pins`) stay with the draft. The graph that was given is not changed.
 */
export function resolveAgents(
  graph: Graph,
  nodes: NodeTable,
  live: (agent: string) => { agent: string; version: number } | undefined,
): { graph: Graph; issues: Issue[] } {
  const { "x-pins": _pins, ...kept } = graph as Graph & { "x-pins"?: unknown };
  const copy: Graph = structuredClone(kept);
  const issues: Issue[] = [];
  copy.nodes.forEach((node, index) => {
    const definition = nodes.get(node.type);
    const config = definition?.config.safeParse(node.config);
    if (!definition || !config?.success) return;
    const named = new Set((definition.needs?.(config.data)?.agents ?? []).map((need) => need.agent));
    const inBodies = (definition.bodies?.(config.data) ?? []).length > 0;
    if (named.size > 0 || inBodies)
      settle(node.config, (reference) => {
        const found = live(reference.agent);
        if (found) Object.assign(reference, found);
        else
          issues.push({
            severity: "error",
            code: "missing-agent",
            message: `${node.title || definition.title} calls the agent "${reference.agent}", which is not published.`,
            node: node.id,
            path: pointer("nodes", index, "config"),
            fix: "Publish that agent first.",
          });
      });
  });
  return { graph: copy, issues };
}

interface Reference {
  agent: string;
  version?: number;
}

/** Calls back for each reference without a version, anywhere in a config. */
function settle(value: unknown, found: (reference: Reference) => void): void {
  if (typeof value !== "object" || value === null) return;
  const { agent, version } = value as { agent?: unknown; version?: unknown };
  if (typeof agent === "string" && agent !== "" && (version === undefined || version === null))
    found(value as Reference);
  for (const member of Object.values(value)) settle(member, found);
}

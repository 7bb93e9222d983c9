/** The body of a container: a graph inside its config, or another agent. */
import { z } from "zod";
import { type Field, takenNames } from "./field.ts";
import { Graph, type RunnableGraph } from "./graph.ts";
import type { Needs, NodeIssue, NodeTable, Step } from "./node.ts";
import { type PreviewPart, previewNames } from "./preview.ts";

export const AgentRef = z.strictObject({
  agent: z.string().min(1).max(200),
  version: z.number().int().min(1).optional(),
});

/** `null` until the author chooses one. */
export const Body = z.union([z.null(), AgentRef, Graph]);
export type Body = z.infer<typeof Body>;

/** The body ready to run. Rejects with `not_found` or `graph_has_issues`. */
export async function compileBody(step: Step, body: Body): Promise<RunnableGraph> {
  if (body === null) throw new TypeError("A container without a body passed the check.");
  return "agent" in body ? step.host.graph(body.agent, body.version) : step.compile(body);
}

/** The issues of a container: no body, or an input whose name is repeated or `taken`. */
export function containerIssues(body: Body, inputs: readonly Field[], taken: readonly string[]): NodeIssue[] {
  const issues: NodeIssue[] = [];
  if (body === null)
    issues.push({
      severity: "error",
      code: "bad-body",
      message: "The node has no body yet.",
      path: "/body",
      fix: "Open it and build the steps to repeat, or choose an agent.",
    });
  issues.push(...takenNames(inputs, taken, "/inputs"));
  return issues;
}

export const bodyGraphs = (body: Body): { graph: Graph; path: string }[] =>
  body !== null && !("agent" in body) ? [{ graph: body, path: "/body" }] : [];

/** The agent that a container calls, or the steps of its graph. */
export function previewBody(body: Body, nodes: NodeTable): PreviewPart[] {
  if (body === null) return [];
  if ("agent" in body) return [{ agent: body.agent }];
  const steps = body.nodes.filter(({ type }) => {
    const role = nodes.get(type)?.role;
    return role !== "input" && role !== "output" && role !== "annotation";
  });
  return previewNames(steps.map((step) => step.title || step.type));
}

export const bodyNeeds = (body: Body): Needs =>
  body !== null && "agent" in body
    ? { agents: [{ agent: body.agent, ...(body.version === undefined ? {} : { version: body.version }) }] }
    : {};

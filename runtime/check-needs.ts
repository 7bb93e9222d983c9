/** Checks what a node needs outside of the graph: models, tools, knowledge, secrets, agents. */
import type { Issue, IssueCode } from "./issue.ts";
import type { CheckContext } from "./node.ts";
import type { CompiledNode } from "./resolve.ts";

type Finding = Pick<Issue, "severity" | "code" | "message" | "fix">;

/** The issues of one node. Functions that the context leaves out are not checked. */
export function checkNeeds(node: CompiledNode, context: CheckContext): Finding[] {
  const found: Finding[] = [];
  const add = (severity: Issue["severity"], code: IssueCode, message: string, fix: string) =>
    found.push({ severity, code, message, fix });
  const needs = node.definition.needs?.(node.config) ?? {};
  for (const model of needs.models ?? []) {
    if (context.hasModel && !context.hasModel(model))
      add(
        "error",
        "missing-model",
        `${node.title} uses the model "${model}", which is not set up.`,
        "Choose another model, or add its provider under Models.",
      );
    else if (context.isDemo?.(model))
      add(
        "warning",
        "demo-model",
        `${node.title} uses the demo model: no real model is set up.`,
        "Add a model under Models. The demo only shows how the graph works.",
      );
  }
  for (const tool of needs.tools ?? [])
    if (context.tools?.(tool).length === 0)
      add(
        "error",
        "missing-tool",
        `${node.title} uses the tool "${tool}", which is not in the library.`,
        tool.startsWith("mcp/")
          ? "Add and approve its MCP server under Tools, or choose another tool."
          : "Import it under Tools, or choose another tool.",
      );
  const lacking = new Set<string>();
  for (const pattern of needs.tools ?? [])
    for (const { name } of context.tools?.(pattern) ?? [])
      for (const secret of context.missingSecrets?.(name) ?? []) {
        if (lacking.has(secret)) continue;
        lacking.add(secret);
        // A warning: the model may never call the tool, and some services answer without a key.
        add(
          "warning",
          "missing-secret",
          `${node.title} uses the tool "${name}", which needs the secret "${secret}". It is not set.`,
          "Set it under Secrets.",
        );
      }
  for (const knowledge of needs.knowledge ?? []) {
    if (knowledge === "")
      add("error", "missing-knowledge", `${node.title} searches no knowledge yet.`, "Choose what it searches.");
    else if (context.hasKnowledge && !context.hasKnowledge(knowledge))
      add(
        "error",
        "missing-knowledge",
        `${node.title} searches "${knowledge}", which does not exist.`,
        "Create it under Knowledge, or choose another.",
      );
  }
  for (const secret of new Set([...(needs.secrets ?? []), ...secretsIn(node.config)]))
    if (context.hasSecret && !context.hasSecret(secret))
      add(
        "error",
        "missing-secret",
        `${node.title} uses the secret "${secret}", which is not set.`,
        "Set it under Secrets.",
      );
  for (const { agent, version } of needs.agents ?? []) {
    if (agent === "") add("error", "missing-agent", `${node.title} calls no agent yet.`, "Choose an agent.");
    else if (context.hasAgent && !context.hasAgent(agent, version))
      add(
        "error",
        "missing-agent",
        `${node.title} calls the agent "${agent}"${version ? ` version ${version}` : ""}, which does not exist.`,
        "Choose another agent or version.",
      );
  }
  return found;
}

/** Names in `{ "secret": "NAME" }` (a header may add a `prefix`), anywhere in a config. */
export function secretsIn(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  const { secret } = value as { secret?: unknown };
  if (typeof secret === "string" && Object.keys(value).every((key) => key === "secret" || key === "prefix"))
    return [secret];
  return Object.values(value).flatMap(secretsIn);
}

/** Whether a tool is called at once, asks a person, or is off: the one rule for every place that calls or offers tools. */
import type { Settings } from "./graph.ts";
import { type Approval, matchesTool, type ToolSpec } from "./tool.ts";

/**
 * The agent's settings decide; else the node; else the effect: `read` calls at once, anything else asks. `node` is what
 * the node states per tool (name or pattern), or one approval for all of its tools. An action node states `auto`: its
 * author placed the call, so it asks only where the settings say so.
 */
export function approvalFor(
  tool: Pick<ToolSpec, "name" | "effect">,
  settings: Pick<Settings, "approvals">,
  node: Readonly<Record<string, Approval>> | Approval = {},
): Approval {
  return (
    stated(tool.name, settings.approvals) ??
    (typeof node === "string" ? node : stated(tool.name, node)) ??
    (tool.effect === "read" ? "auto" : "ask")
  );
}

/** By the tool's name, else by the longest pattern `…/*` that finds it. */
function stated(tool: string, approvals: Readonly<Record<string, Approval>>): Approval | undefined {
  if (Object.hasOwn(approvals, tool)) return approvals[tool];
  let best = "";
  for (const pattern of Object.keys(approvals))
    if (pattern.length > best.length && matchesTool(pattern, tool)) best = pattern;
  return best === "" ? undefined : approvals[best];
}

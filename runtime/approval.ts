/** Whether a tool is called at once, needs approval, or is off. The only place with this rule. */
import { argumentsHash } from "./arguments-hash.ts";
import type { WaitDecision } from "./event.ts";
import type { Settings } from "./graph.ts";
import { SchemaError, schemaFault } from "./json-schema.ts";
import { type Approval, matchesTool, type ToolSpec } from "./tool.ts";

/**
 * The agent's settings decide; else the node; else the effect: `read` is `auto`, all others are `ask`. `node`: the
 * approvals of the node by tool name or pattern, or one for all of its tools. An action node passes `auto`, because its
 * author placed the call; so it asks only when the settings require it.
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

/**
 * The arguments that a person approved: their own, or else the proposed ones. `proposed` is set when they differ. `fault`
 * says what is wrong with the person's arguments.
 */
export function approvedArguments(
  tool: Pick<ToolSpec, "parameters">,
  given: unknown,
  { value }: Pick<WaitDecision, "value">,
): { arguments: unknown; proposed?: unknown; fault?: string } {
  if (value === undefined || argumentsHash(value) === argumentsHash(given)) return { arguments: given };
  const fault = argumentsFault(tool.parameters, value);
  return { arguments: value, proposed: given, ...(fault && { fault }) };
}

/** Why edited arguments do not match the schema, as part of a sentence. */
export function argumentsFault(schema: ToolSpec["parameters"], value: unknown): string | undefined {
  try {
    return schemaFault(schema, value);
  } catch (error) {
    if (error instanceof SchemaError) return error.message;
    throw error;
  }
}

/** By the tool's name, else by the longest pattern `…/*` that matches it. */
function stated(tool: string, approvals: Readonly<Record<string, Approval>>): Approval | undefined {
  if (Object.hasOwn(approvals, tool)) return approvals[tool];
  let best = "";
  for (const pattern of Object.keys(approvals))
    if (pattern.length > best.length && matchesTool(pattern, tool)) best = pattern;
  return best === "" ? undefined : approvals[best];
}

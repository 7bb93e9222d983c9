/** `model` tools: one call to a configured model, outside the conversation. */
import { PatchbayError } from "../../../runtime/error.ts";
import { readModel } from "../../../runtime/read-model.ts";
import type { ToolResult } from "../../../runtime/tool.ts";
import { costOf } from "../../../runtime/usage.ts";
import type { ModelBinding } from "../../contract/custom-tool.ts";
import { fillSlots, withDefaults } from "../slots.ts";
import type { BindingCall, BindingDeps } from "./binding.ts";

export type ModelToolDeps = Pick<BindingDeps, "models">;

export async function callModel(
  binding: ModelBinding,
  { args, tool }: BindingCall,
  deps: ModelToolDeps,
  signal: AbortSignal,
): Promise<ToolResult> {
  const model = await deps.models.resolve(binding.model);
  const instructions = binding.schema
    ? `${binding.instructions}\n\nAnswer with one JSON value and nothing else. It must fit this JSON Schema:\n${JSON.stringify(binding.schema)}`
    : binding.instructions;
  let text = "";
  let usage: ToolResult["usage"];
  const events = deps.models.chat(
    {
      model: model.name,
      messages: [
        { role: "system", content: instructions },
        { role: "user", content: fillSlots(binding.input, withDefaults(args, tool.parameters)) },
      ],
      temperature: 0,
      schema: model.profile.structured ? binding.schema : undefined,
    },
    signal,
    { quiet: true },
  );
  const end = await readModel(events, model.name, (part) => {
    if (part.type === "text-delta") text += part.text;
    else if (part.type === "text-recall") text = "";
  });
  if (end.usage) {
    const { inputTokens, outputTokens } = end.usage;
    const costUsd = costOf(model.profile.prices, end.usage);
    usage = { model: model.name, inputTokens, outputTokens, ...(costUsd !== undefined && { costUsd }) };
  }
  if (end.reason !== "stop") {
    signal.throwIfAborted();
    if (end.error?.code === "quota_exceeded") throw new PatchbayError("quota_exceeded", end.error.message);
    if (end.error) throw new PatchbayError("tool_failed", `${tool.name}: ${end.error.message}`);
    if (end.reason === "length")
      throw new PatchbayError("output_limit", `${tool.name}: the model's answer was cut off at its limit.`);
  }
  const used = usage ? { usage } : {};
  if (!binding.schema) return { content: text.trim(), ...used };
  const value = jsonIn(text);
  return value === undefined
    ? {
        content: `${tool.name}: the model answered with text that is not JSON: ${text.slice(0, 500)}`,
        error: true,
        ...used,
      }
    : { content: JSON.stringify(value), value, ...used };
}

/** The JSON in a completion, also inside a code fence or after a sentence. */
function jsonIn(text: string): unknown {
  const fenced = /```(?:json)?\s*([\s\S]*?)```/i.exec(text)?.[1];
  for (const candidate of [
    text,
    fenced,
    text.slice(text.search(/[[{]/), Math.max(text.lastIndexOf("}"), text.lastIndexOf("]")) + 1),
  ]) {
    if (!candidate) continue;
    try {
      return JSON.parse(candidate);
    } catch {
      // try the next candidate
    }
  }
  return undefined;
}

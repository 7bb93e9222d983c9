/** Converts the body of a webhook message to the inputs of an agent. */
import { PatchbayError } from "../../runtime/error.ts";
import { parsePointer } from "../../runtime/issue.ts";
import type { Webhook } from "../contract/trigger.ts";

/**
 * `isText`: whether an input of the agent is text. Throws `bad_request` when the body lacks a value. The run rejects
 * inputs that the agent does not declare.
 */
export function hookInput(
  trigger: Pick<Webhook, "take">,
  body: unknown,
  isText: (name: string) => boolean,
): Record<string, unknown> {
  if (!trigger.take) {
    if (typeof body !== "object" || body === null || Array.isArray(body))
      throw new PatchbayError("bad_request", "At the body: must be an object with the message.", { path: "" });
    return body as Record<string, unknown>;
  }
  const input: Record<string, unknown> = {};
  for (const [name, pointer] of Object.entries(trigger.take)) {
    const value = valueAt(body, pointer);
    if (value === undefined)
      throw new PatchbayError("bad_request", `At ${pointer}: the value for the input "${name}" is missing.`, {
        path: pointer,
      });
    input[name] = typeof value === "string" || !isText(name) ? value : JSON.stringify(value);
  }
  return input;
}

function valueAt(body: unknown, pointer: string): unknown {
  let value = body;
  for (const key of parsePointer(pointer)) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/** From a webhook's body to the inputs of an agent. */
import { PatchbayError } from "../../runtime/error.ts";
import { parsePointer } from "../../runtime/issue.ts";
import type { Webhook } from "../contract/trigger.ts";

/** Whether the agent wants the field as text. */
type IsText = (name: string) => boolean;

/** Throws `bad_request` for a body without what is taken from it. What the agent does not declare is refused by the run. */
export function hookInput(trigger: Pick<Webhook, "take">, body: unknown, isText: IsText): Record<string, unknown> {
  if (!trigger.take) {
    if (typeof body !== "object" || body === null || Array.isArray(body))
      throw new PatchbayError("bad_request", "At the body: must be an object with the message.", { path: "" });
    return body as Record<string, unknown>;
  }
  const input: Record<string, unknown> = {};
  for (const [name, place] of Object.entries(trigger.take)) {
    const value = valueAt(body, place);
    if (value === undefined)
      throw new PatchbayError("bad_request", `At ${place}: there is nothing, and "${name}" is taken from there.`, {
        path: place,
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

/** Reads the stream of one model call. */
import { PatchbayError } from "./error.ts";
import type { ModelEnd, ModelEvent } from "./model.ts";

/**
 * Passes each event before the end to `onPart`, in order. Resolves with the end, which may be a failure. A stream that
 * stops without one ends with `bad_response`.
 */
export async function readModel(
  events: AsyncIterable<ModelEvent>,
  model: string,
  onPart: (part: Exclude<ModelEvent, ModelEnd>) => void,
): Promise<ModelEnd> {
  for await (const event of events) {
    if (event.type === "end") return event;
    onPart(event);
  }
  const message = `${model} ended its reply without an end event.`;
  return { type: "end", reason: "error", error: { code: "bad_response", message } };
}

/** Throws the abort's reason, or the failure of the call. */
export function throwIfFailed({ error }: ModelEnd, signal: AbortSignal): void {
  signal.throwIfAborted();
  if (error) throw new PatchbayError(error.code, error.message);
}

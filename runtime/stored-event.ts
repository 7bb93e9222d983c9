/** Events as a log stores them: one JSON text each. The only place with field names of older versions. */
import type { RunEvent } from "./event.ts";

/** Reads a stored event and gives old fields their present names. Throws `SyntaxError` when the text is not JSON. */
export function parseStoredEvent(text: string): RunEvent {
  const event = JSON.parse(text) as RunEvent;
  switch (event.type) {
    case "node-end":
      rename(event, "rests", "grounding");
      renameSources(event.outputs);
      break;
    case "run-end":
      renameSources(event.output);
      break;
    case "run-start":
      for (const outputs of Object.values(event.pins ?? {})) renameSources(outputs);
      break;
    case "node-fail":
    case "run-fail":
      for (const issue of event.error.issues ?? []) rename(issue, "mend", "fix");
      break;
  }
  return event;
}

function rename(object: object, from: string, to: string): void {
  if (!(from in object)) return;
  const { [from]: value } = object as Record<string, unknown>;
  delete (object as Record<string, unknown>)[from];
  (object as Record<string, unknown>)[to] = value;
}

/** A document's `place` is now its `source`. */
function renameSources(outputs: object): void {
  for (const value of Object.values(outputs))
    if (Array.isArray(value)) for (const item of value) if (isOldDocument(item)) rename(item, "place", "source");
}

function isOldDocument(value: unknown): value is object {
  if (typeof value !== "object" || value === null || !("place" in value) || "source" in value) return false;
  return "id" in value && "title" in value && "text" in value && "score" in value && typeof value.place === "object";
}

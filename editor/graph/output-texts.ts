/** Values of ports as editable texts, and back. */

export const outputText = (value: unknown): string =>
  typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? "");

/** JSON, or the text itself if it does not parse. */
export function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Reads the edited texts: a text output stays a text, all others are JSON. `values` is absent when one does not parse. */
export function readOutputs(
  outputs: Record<string, unknown>,
  texts: Record<string, string>,
): { values?: Record<string, unknown>; faults: Record<string, string> } {
  const values: Record<string, unknown> = {};
  const faults: Record<string, string> = {};
  for (const [port, before] of Object.entries(outputs)) {
    const text = texts[port] ?? "";
    if (typeof before === "string") values[port] = text;
    else
      try {
        values[port] = JSON.parse(text);
      } catch (error) {
        faults[port] = (error as Error).message;
      }
  }
  return Object.keys(faults).length === 0 ? { values, faults } : { faults };
}

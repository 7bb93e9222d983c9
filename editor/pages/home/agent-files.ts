/** Reads and writes agents as files. */
import { type Graph, serializeGraph } from "../../../runtime/graph.ts";

/** Downloads a graph as `name.agent.json`. */
export function downloadAgent(graph: Graph): void {
  downloadJson(serializeGraph(graph), `${fileName(graph.name)}.agent.json`);
}

/** Downloads JSON text as a file. */
export function downloadJson(text: string, name: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

/** A name made safe for a file: letters and digits of any language; everything else becomes a hyphen. */
export function fileName(name: string): string {
  return (
    name
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}]+/gu, "-")
      .replaceAll(/^-+|-+$/g, "")
      .slice(0, 60) || "agent"
  );
}

/** A name that no other agent has: "Untitled agent", "Untitled agent 2", … as formatted by `numbered`. */
export function freeName(base: string, taken: ReadonlySet<string>, numbered: (count: number) => string): string {
  if (!taken.has(base)) return base;
  let count = 2;
  while (taken.has(numbered(count))) count++;
  return numbered(count);
}

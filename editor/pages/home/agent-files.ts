/** Agents as files: read from disk, written to disk. */
import { type Graph, serializeGraph } from "../../../runtime/graph.ts";

/** Offers a graph as `name.agent.json`. */
export function downloadAgent(graph: Graph): void {
  downloadJson(serializeGraph(graph), `${fileName(graph.name)}.agent.json`);
}

/** Offers a text of JSON as a file. */
export function downloadJson(text: string, name: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

/** A name as part of a file name: letters and digits of any language, the rest as hyphens. */
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

/** A name that no other agent has: "Untitled agent", "Untitled agent 2", … as `numbered` writes it. */
export function freeName(base: string, taken: ReadonlySet<string>, numbered: (count: number) => string): string {
  if (!taken.has(base)) return base;
  let count = 2;
  while (taken.has(numbered(count))) count++;
  return numbered(count);
}

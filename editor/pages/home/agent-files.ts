/** Reads and writes agents as files. */
import { type Graph, serializeGraph } from "../../../runtime/graph.ts";
import { download } from "../../ui/download.ts";

/** Downloads a graph as `name.agent.json`. */
export function downloadAgent(graph: Graph): void {
  downloadJson(serializeGraph(graph), `${fileName(graph.name)}.agent.json`);
}

/** Downloads JSON text as a file. */
export function downloadJson(text: string, name: string): void {
  download(name, new Blob([text], { type: "application/json" }));
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

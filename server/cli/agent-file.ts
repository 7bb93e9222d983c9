/** Reading agent files from disk, and telling their issues with line and column. */
import { readFileSync } from "node:fs";
import { findNodeAtLocation, type Node, parseTree } from "jsonc-parser";
import { PatchbayError } from "../../runtime/error.ts";
import type { Graph } from "../../runtime/graph.ts";
import { type Issue, parsePointer } from "../../runtime/issue.ts";
import { parseAgentFile } from "../../runtime/parse.ts";

export interface AgentFile {
  /** As it is shown in messages. */
  name: string;
  text: string;
  /** Absent when it is no agent file; `issues` then say why. */
  graph?: Graph;
  issues: Issue[];
}

/** `-` is standard input. Rejects with `bad_request` where there is no such file. */
export function readAgentFile(path: string): AgentFile {
  let text: string;
  try {
    text = readFileSync(path === "-" ? 0 : path, "utf8");
  } catch (cause) {
    const why =
      (cause as NodeJS.ErrnoException).code === "ENOENT"
        ? "is not there"
        : `cannot be read (${(cause as Error).message})`;
    throw new PatchbayError("bad_request", `The file ${path} ${why}.`, { cause });
  }
  return { name: path === "-" ? "(standard input)" : path, text, ...parseAgentFile(text) };
}

/** The graph, or `graph_has_issues` with what is wrong with the file. */
export function graphOf(file: AgentFile): Graph {
  if (file.graph) return file.graph;
  throw new PatchbayError("graph_has_issues", `${file.name} is no agent file.`, { issues: file.issues });
}

/** `file:line:column: severity code: message (how to fix it)`, a line an issue, in the order of the file. */
export function issueLines(file: Pick<AgentFile, "name" | "text">, issues: Issue[]): string[] {
  const tree = parseTree(file.text);
  return issues
    .map((issue) => ({ issue, offset: offsetOf(tree, issue.path) }))
    .sort((a, b) => a.offset - b.offset)
    .map(({ issue, offset }) => {
      const before = file.text.slice(0, offset).split("\n");
      const place = issue.path === undefined ? "" : `:${before.length}:${before.at(-1)!.length + 1}`;
      const fix = issue.fix ? ` ${issue.fix}` : "";
      return `${file.name}${place}: ${issue.severity} ${issue.code}: ${issue.message}${fix}`;
    });
}

/** Where the value of a JSON pointer begins, or the nearest thing around it that is there. */
function offsetOf(tree: Node | undefined, path: string | undefined): number {
  if (!tree || !path) return 0;
  const parts = parsePointer(path);
  for (let length = parts.length; length >= 0; length--) {
    const found = findNodeAtLocation(
      tree,
      parts.slice(0, length).map((part) => (/^\d+$/.test(part) ? Number(part) : part)),
    );
    if (found) return found.parent?.type === "property" && found !== tree ? found.parent.offset : found.offset;
  }
  return 0;
}

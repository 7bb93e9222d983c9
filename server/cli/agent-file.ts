/** Reads agent files, and formats their issues with line and column. */
import { readFileSync } from "node:fs";
import { findNodeAtLocation, type Node, parseTree } from "jsonc-parser";
import { PatchbayError } from "../../runtime/error.ts";
import type { Graph } from "../../runtime/graph.ts";
import { type Issue, parsePointer } from "../../runtime/issue.ts";
import { parseAgentFile } from "../../runtime/parse.ts";

export interface AgentFile {
  /** File name for messages. */
  name: string;
  text: string;
  /** Absent when the file is not a valid agent file; see `issues`. */
  graph?: Graph;
  issues: Issue[];
}

/** `-` is standard input. Throws `bad_request` when the file cannot be read. */
export function readAgentFile(path: string): AgentFile {
  let text: string;
  try {
    text = readFileSync(path === "-" ? 0 : path, "utf8");
  } catch (cause) {
    const reason =
      (cause as NodeJS.ErrnoException).code === "ENOENT"
        ? "does not exist"
        : `cannot be read (${(cause as Error).message})`;
    throw new PatchbayError("bad_request", `The file ${path} ${reason}.`, { cause });
  }
  return { name: path === "-" ? "(standard input)" : path, text, ...parseAgentFile(text) };
}

/** The graph of the file. Throws `graph_has_issues` with the issues of an invalid file. */
export function graphOf(file: AgentFile): Graph {
  if (file.graph) return file.graph;
  throw new PatchbayError("graph_has_issues", `${file.name} is not a valid agent file.`, { issues: file.issues });
}

/** Formats each issue as `file:line:column: severity code: message fix`, in file order. */
export function issueLines(file: Pick<AgentFile, "name" | "text">, issues: Issue[]): string[] {
  const tree = parseTree(file.text);
  return issues
    .map((issue) => ({ issue, offset: offsetOf(tree, issue.path) }))
    .sort((a, b) => a.offset - b.offset)
    .map(({ issue, offset }) => {
      const before = file.text.slice(0, offset).split("\n");
      const position = issue.path === undefined ? "" : `:${before.length}:${before.at(-1)!.length + 1}`;
      const fix = issue.fix ? ` ${issue.fix}` : "";
      return `${file.name}${position}: ${issue.severity} ${issue.code}: ${issue.message}${fix}`;
    });
}

/** Offset of the value at a JSON pointer, or of its nearest existing parent. */
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

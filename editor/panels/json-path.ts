/** Finds the position of an issue in the text of an agent file. */
import { findNodeAtLocation, type ParseError, parse, parseTree } from "jsonc-parser";
import { type Issue, parsePointer } from "../../runtime/issue.ts";
import type { Marker } from "../fields/code-box.tsx";

/** The range of a JSON pointer in a text, or of its nearest ancestor that exists. */
export function rangeOf(text: string, path: string): { start: number; end: number } | undefined {
  const tree = parseTree(text);
  if (!tree) return undefined;
  const parts = parsePointer(path).map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  for (let length = parts.length; length >= 0; length--) {
    const node = findNodeAtLocation(tree, parts.slice(0, length));
    if (node)
      return {
        start: node.offset,
        end: node.offset + Math.min(node.length, firstLine(text, node.offset, node.length)),
      };
  }
  return undefined;
}

function firstLine(text: string, offset: number, length: number): number {
  const end = text.indexOf("\n", offset);
  return end < 0 || end > offset + length ? length : Math.max(1, end - offset);
}

export function markerFor(text: string, issue: Issue, message: string): Marker[] {
  if (issue.code === "bad-json") {
    const errors: ParseError[] = [];
    parse(text, errors);
    const [first] = errors;
    return first ? [{ message, start: first.offset, end: first.offset + first.length }] : [];
  }
  const range = rangeOf(text, issue.path ?? "");
  return range ? [{ message, ...range }] : [];
}

export function spanOf(text: string, path: (string | number)[]): { start: number; end: number } | undefined {
  const tree = parseTree(text);
  const node = tree && findNodeAtLocation(tree, path);
  return node && { start: node.offset, end: node.offset + node.length };
}

/** Converts JSON and JSON Lines into searchable text: one paragraph per item, one line per value with its path. */
import { PatchbayError } from "../../../runtime/error.ts";
import { decodeText } from "./decode.ts";
import type { Parser } from "./parser.ts";

const MAX_DEPTH = 64;

export const json: Parser = {
  name: "JSON",
  extensions: [".json", ".jsonl", ".ndjson"],
  mediaTypes: ["application/json", "application/jsonl", "application/x-ndjson"],
  isSource: true,
  parse(bytes, title, charset) {
    const { text: source, ...decoded } = decodeText(bytes, title, { charset });
    const value = /\.(?:jsonl|ndjson)$/i.test(title) ? parseLines(source, title) : parseWhole(source, title);
    const items = Array.isArray(value) ? value : [value];
    const paragraphs = items.map((item) => [...lines(item, "", 0)].join("\n"));
    return { ...decoded, text: paragraphs.join("\n\n"), format: "text", lines: false };
  },
};

function parseWhole(source: string, title: string): unknown {
  try {
    return JSON.parse(source);
  } catch (cause) {
    throw new PatchbayError("bad_request", `"${title}" is not JSON: ${(cause as Error).message}.`, { cause });
  }
}

function parseLines(source: string, title: string): unknown[] {
  return source
    .split("\n")
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== "")
    .map(({ line, number }) => {
      try {
        return JSON.parse(line) as unknown;
      } catch (cause) {
        throw new PatchbayError(
          "bad_request",
          `Line ${number} of "${title}" is not JSON: ${(cause as Error).message}.`,
          { cause },
        );
      }
    });
}

function* lines(value: unknown, path: string, depth: number): Generator<string> {
  if (value === null || value === "") return;
  if (typeof value !== "object") {
    yield path ? `${path}: ${String(value)}` : String(value);
    return;
  }
  if (depth >= MAX_DEPTH) {
    yield `${path}: …`;
    return;
  }
  if (Array.isArray(value) && value.every((item) => typeof item !== "object")) {
    if (value.length > 0) yield `${path ? `${path}: ` : ""}${value.join(", ")}`;
    return;
  }
  for (const [key, member] of Object.entries(value)) yield* lines(member, path ? `${path}.${key}` : key, depth + 1);
}

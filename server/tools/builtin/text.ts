import { z } from "zod";
import { PatchbayError } from "../../../runtime/error.ts";
import { defineTool, valueResult } from "./builtin.ts";

const OPERATIONS = [
  "count",
  "replace",
  "split",
  "join",
  "slice",
  "upper",
  "lower",
  "trim",
  "reverse",
  "lines",
  "sort_lines",
  "unique_lines",
  "extract",
] as const;

export const text = defineTool({
  name: "text",
  summary:
    "Works on text exactly: count characters, words or occurrences, replace, split, join, slice, change case, sort lines, extract links, e-mails or numbers. 精确处理文本：统计、替换、拆分、提取。",
  args: z.strictObject({
    operation: z.enum(OPERATIONS),
    text: z.string().max(2_000_000),
    find: z.string().max(10_000).optional().describe("Plain text. For count, replace; the separator for split."),
    with: z.string().max(10_000).optional().describe("For replace; the separator for join."),
    from: z.number().int().optional().describe("For slice: first character, from 0; negative counts from the end."),
    to: z.number().int().optional().describe("For slice: one past the last character."),
    kind: z.enum(["links", "emails", "numbers"]).optional().describe("For extract."),
  }),
  effect: "read",
  run: (args) => {
    const { text: source, find } = args;
    switch (args.operation) {
      case "count":
        if (find) return valueResult(source.split(find).length - 1);
        return valueResult(measure(source));
      case "replace":
        if (!find) throw new PatchbayError("bad_arguments", 'replace needs "find".');
        return valueResult(capped(source, find, args.with ?? ""));
      case "split":
        return valueResult(source.split(find ?? /\s+/).filter((part) => part !== ""));
      case "join":
        return valueResult(source.split(/\r?\n/).join(args.with ?? " "));
      case "slice":
        return valueResult([...source].slice(args.from ?? 0, args.to).join(""));
      case "upper":
        return valueResult(source.toUpperCase());
      case "lower":
        return valueResult(source.toLowerCase());
      case "trim":
        return valueResult(source.trim());
      case "reverse":
        return valueResult(graphemes(source).reverse().join(""));
      case "lines":
        return valueResult(source.split(/\r?\n/));
      case "sort_lines":
        return valueResult(source.split(/\r?\n/).sort().join("\n"));
      case "unique_lines":
        return valueResult([...new Set(source.split(/\r?\n/))].join("\n"));
      case "extract":
        if (!args.kind) throw new PatchbayError("bad_arguments", 'extract needs "kind".');
        return valueResult([...new Set(source.match(PATTERNS[args.kind]) ?? [])]);
    }
  },
});

/** Each pattern is linear: no two adjacent parts match the same characters. */
const PATTERNS = {
  links: /https?:\/\/[^\s<>"'）】，。]+/gi,
  emails: /[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}/g,
  numbers: /-?\d+(?:\.\d+)?/g,
};

function measure(source: string): { characters: number; words: number; lines: number; bytes: number } {
  let words = 0;
  for (const segment of new Intl.Segmenter("zh", { granularity: "word" }).segment(source))
    if (segment.isWordLike) words++;
  return {
    characters: graphemes(source).length,
    words,
    lines: source === "" ? 0 : source.split(/\r?\n/).length,
    bytes: Buffer.byteLength(source),
  };
}

function graphemes(source: string): string[] {
  return Array.from(new Intl.Segmenter("en").segment(source), (segment) => segment.segment);
}

function capped(source: string, find: string, replacement: string): string {
  const parts = source.split(find);
  if (source.length + (parts.length - 1) * (replacement.length - find.length) > 4_000_000)
    throw new PatchbayError("bad_arguments", "The text would grow over 4,000,000 characters.");
  return parts.join(replacement);
}

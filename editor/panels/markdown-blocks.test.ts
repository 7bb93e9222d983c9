import fc from "fast-check";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import Markdown from "react-markdown";
import remarkGfm from "remark-gfm";
import { expect, it } from "vitest";
import { markdownBlocks } from "./markdown-blocks.ts";

const html = (text: string) =>
  renderToStaticMarkup(createElement(Markdown, { remarkPlugins: [remarkGfm] }, text)).replaceAll(/\s*\n\s*/g, "");

const line = fc.constantFrom(
  "",
  "",
  "Text.",
  "# Head",
  "- item",
  "1. first",
  "2) second",
  "  more of an item",
  "    code",
  "> quoted",
  "```",
  "```ts",
  "~~~",
  "````",
  "| a | b |",
  "|---|---|",
  "| 1 | 2 |",
  "***",
  "[x]: https://example.org",
  "See [x].",
  "<b>",
);

it("gives blocks that join to the text, and look like the text as a whole", () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 14 }), (lines) => {
      const text = lines.join("\n");
      const blocks = markdownBlocks(text);
      expect(blocks.join("")).toBe(text);
      expect(blocks.map(html).join("")).toBe(html(text));
    }),
    { numRuns: 150 },
  );
}, 60_000);

it("keeps all but the last block while the text grows", () => {
  const text = "# Title\n\nOne.\n\n- a\n\n- b\n\n```\n\nx\n\n```\n\nTwo.";
  expect(markdownBlocks(text)).toEqual(["# Title\n\n", "One.\n\n- a\n\n- b\n\n", "```\n\nx\n\n```\n\n", "Two."]);
  expect(markdownBlocks(`${text} More.`).slice(0, -1)).toEqual(markdownBlocks(text).slice(0, -1));
});

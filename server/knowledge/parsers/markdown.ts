import { decodeText } from "./decode.ts";
import type { Parser } from "./parser.ts";

export const markdown: Parser = {
  name: "Markdown",
  extensions: [".md", ".markdown", ".mdx", ".mdown"],
  mediaTypes: ["text/markdown", "text/x-markdown"],
  parse: (bytes, title) => ({ text: decodeText(bytes, title), format: "markdown", lines: true }),
};

import { decodeText } from "./decode.ts";
import type { Parser } from "./parser.ts";

export const markdown: Parser = {
  name: "Markdown",
  extensions: [".md", ".markdown", ".mdx", ".mdown"],
  mediaTypes: ["text/markdown", "text/x-markdown"],
  parse: (bytes, title, charset) => ({ ...decodeText(bytes, title, { charset }), format: "markdown", lines: true }),
};

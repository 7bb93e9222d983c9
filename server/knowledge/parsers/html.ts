import { htmlToMarkdown } from "../../lib/html-markdown.ts";
import { decodeText } from "./decode.ts";
import type { Parser } from "./parser.ts";

export const html: Parser = {
  name: "HTML",
  extensions: [".html", ".htm", ".xhtml"],
  mediaTypes: ["text/html", "application/xhtml+xml"],
  parse: (bytes, title) => ({ ...htmlToMarkdown(decodeText(bytes, title)), format: "markdown", lines: false }),
};

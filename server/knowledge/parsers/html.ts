import { htmlToMarkdown } from "../../lib/html-markdown.ts";
import { decodeText } from "./decode.ts";
import type { Parser } from "./parser.ts";

export const html: Parser = {
  name: "HTML",
  extensions: [".html", ".htm", ".xhtml"],
  mediaTypes: ["text/html", "application/xhtml+xml"],
  parse(bytes, title, charset) {
    const { text, ...decoded } = decodeText(bytes, title, { charset, html: true });
    return { ...decoded, ...htmlToMarkdown(text), format: "markdown", lines: false };
  },
};

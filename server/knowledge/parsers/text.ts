import { decodeText } from "./decode.ts";
import type { Parser } from "./parser.ts";

export const text: Parser = {
  name: "text",
  extensions: [".txt", ".text", ".log", ".rst", ".adoc", ".org", ".yaml", ".yml", ".toml", ".ini", ".xml"],
  mediaTypes: ["text/plain"],
  parse: (bytes, title, charset) => ({ ...decodeText(bytes, title, { charset }), format: "text", lines: true }),
};

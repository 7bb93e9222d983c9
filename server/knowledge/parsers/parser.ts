/** What a parser of documents is. */
export interface Parsed {
  text: string;
  format: "markdown" | "text";
  /** Lines of `text` are lines of the file, so a passage may name its line. */
  lines: boolean;
  /** The document's own title, where it says one. */
  title?: string;
}

export interface Parser {
  /** What a person calls it. */
  name: string;
  /** With the dot, lower case. */
  extensions: string[];
  mediaTypes: string[];
  /** Throws `bad_request` or `unsupported_media_type` in words that name the file. */
  parse(bytes: Uint8Array, title: string): Parsed;
}

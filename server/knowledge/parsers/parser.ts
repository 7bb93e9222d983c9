/** The interface of a document parser. */
export interface Parsed {
  text: string;
  format: "markdown" | "text";
  /** Lines of `text` are lines of the file, so a passage may name its line. */
  lines: boolean;
  /** The document's own title, if any. */
  title?: string;
  /** One sentence about what may be wrong in the text, for the document's row. */
  warning?: string;
}

export interface Parser {
  /** Shown to users. */
  name: string;
  /** With the dot, lower case. */
  extensions: string[];
  mediaTypes: string[];
  /** A model reads the file as it is better than the parsed text, which is made for search. */
  isSource?: true;
  /**
   * `charset`: of the content type that brought the bytes. Throws `bad_request` or `unsupported_media_type` with the file's
   * name.
   */
  parse(bytes: Uint8Array, title: string, charset?: string): Parsed;
}

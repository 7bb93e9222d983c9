/** A table of comma, semicolon or tab separated values: each row becomes a line that names its columns. */
import { parse } from "csv-parse/sync";
import { PatchbayError } from "../../../runtime/error.ts";
import { decodeText } from "./decode.ts";
import type { Parser } from "./parser.ts";

export const csv: Parser = {
  name: "CSV",
  extensions: [".csv", ".tsv"],
  mediaTypes: ["text/csv", "text/tab-separated-values"],
  isSource: true,
  parse(bytes, title, charset) {
    const { text: source, ...decoded } = decodeText(bytes, title, { charset });
    let rows: string[][];
    try {
      rows = parse(source, {
        delimiter: delimiterOf(source),
        relax_column_count: true,
        relax_quotes: true,
        skip_empty_lines: true,
        trim: true,
      });
    } catch (cause) {
      const what = cause instanceof Error ? cause.message : String(cause);
      throw new PatchbayError("bad_request", `"${title}" is not CSV that can be read: ${what}`, { cause });
    }
    const [columns = [], ...records] = rows;
    const text = records
      .map((row) =>
        row
          .map((value, column) => (columns[column] ? `${columns[column]}: ${value}` : value))
          .filter((_, column) => row[column] !== "")
          .join("; ")
          .replaceAll(/\s*\n\s*/g, " "),
      )
      .join("\n");
    return { ...decoded, text: text || columns.join("; "), format: "text", lines: false };
  },
};

/** The most frequent delimiter of the first line. */
function delimiterOf(source: string): string {
  const first = source.slice(0, source.indexOf("\n") < 0 ? undefined : source.indexOf("\n"));
  const count = (mark: string) => first.split(mark).length;
  return [",", ";", "\t", "，"].reduce((best, mark) => (count(mark) > count(best) ? mark : best));
}

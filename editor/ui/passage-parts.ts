/** A passage as text and tables: documents keep their tables as Markdown. */
export type PassagePart = { text: string } | { head?: string[]; rows: string[][] };

const SEPARATOR = /^\s*\|(?:\s*:?-+:?\s*\|)+\s*$/;

export function passageParts(passage: string): PassagePart[] {
  const parts: PassagePart[] = [];
  let text: string[] = [];
  let table: string[] = [];
  const endText = () => {
    if (text.join("").trim()) parts.push({ text: text.join("\n").replaceAll(/^\n+|\s+$/g, "") });
    text = [];
  };
  const endTable = () => {
    if (table.length > 0) parts.push(tableOf(table));
    table = [];
  };
  for (const line of passage.split("\n"))
    if (/^\s*\|.*\|\s*$/.test(line)) {
      endText();
      table.push(line);
    } else {
      endTable();
      text.push(line);
    }
  endTable();
  endText();
  return parts;
}

function tableOf(lines: string[]): PassagePart {
  const headed = lines[1] !== undefined && SEPARATOR.test(lines[1]);
  const rows = lines.filter((line) => !SEPARATOR.test(line)).map(cellsOf);
  return headed ? { head: rows[0]!, rows: rows.slice(1) } : { rows };
}

/** The cells of `| a | b \| c |`. */
function cellsOf(line: string): string[] {
  return line
    .trim()
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));
}

/** The rows of an HTML table as lines of a Markdown table, with spans written out. */
import type { HtmlElement } from "./html-tree.ts";

/** More columns than this are not made by one cell. */
const MAX_SPAN = 100;

export interface TableRows {
  caption?: HtmlElement;
  /**
   * The lines, head first. A cell that spans rows is repeated in each, and so is one of the head that spans columns; others
   * leave the columns that they span empty. `budget.spanned`: the characters that repetitions may still take.
   */
  lines(write: (cell: HtmlElement) => string, budget: { spanned: number }): Iterable<string>;
}

interface Row {
  cells: HtmlElement[];
  head: boolean;
}

/** Undefined for a table that has no columns or only arranges a page. */
export function tableRows(table: HtmlElement): TableRows | undefined {
  const { rows, caption } = rowsOf(table);
  const headed = rows.some(({ cells }) => cells.some(({ name }) => name === "th"));
  if (/^(?:presentation|none)$/.test(table.attributes.role ?? "")) return undefined;
  if (!headed && (rows.every(({ cells }) => cells.length < 2) || rows.some(({ cells }) => cells.some(holdsTable))))
    return undefined;
  let heads = 0;
  while (heads < rows.length && rows[heads]!.head) heads++;
  return { ...(caption && { caption }), lines: (write, budget) => linesOf(rows, heads, write, budget) };
}

/** The table's own rows, not those of tables in its cells. */
function rowsOf(table: HtmlElement): { rows: Row[]; caption?: HtmlElement } {
  const rows: Row[] = [];
  let caption: HtmlElement | undefined;
  const collect = (parent: HtmlElement, inHead: boolean) => {
    for (const child of parent.children) {
      if (typeof child === "string") continue;
      if (child.name === "caption") caption ??= child;
      else if (child.name === "tr") {
        const cells = child.children.filter((one): one is HtmlElement => typeof one !== "string" && isCell(one));
        if (cells.length > 0) rows.push({ cells, head: inHead || cells.every(({ name }) => name === "th") });
      } else if (!isCell(child) && child.name !== "table") collect(child, inHead || child.name === "thead");
    }
  };
  collect(table, false);
  return { rows, ...(caption && { caption }) };
}

function isCell({ name }: HtmlElement): boolean {
  return name === "td" || name === "th";
}

/** Whether a table with a head, or with several rows and columns, is inside. */
function holdsTable(cell: HtmlElement): boolean {
  const open: HtmlElement[] = [cell];
  for (let element = open.pop(); element; element = open.pop())
    for (const child of element.children) {
      if (typeof child === "string") continue;
      if (child.name === "table") {
        const { rows } = rowsOf(child);
        if (rows.length > 1 && rows.some(({ cells }) => cells.length > 1 || cells[0]!.name === "th")) return true;
      }
      open.push(child);
    }
  return false;
}

function* linesOf(
  rows: Row[],
  heads: number,
  write: (cell: HtmlElement) => string,
  budget: { spanned: number },
): Generator<string> {
  /** By column: what a cell of an earlier row puts there, and in how many rows more. */
  let below: ({ text: string; rows: number } | undefined)[] = [];
  const head: string[][] = [];
  for (const [index, { cells }] of rows.entries()) {
    const columns: string[] = [];
    const next: typeof below = [];
    const fill = () => {
      for (let held = below[columns.length]; held; held = below[columns.length]) {
        if (held.rows > 1) next[columns.length] = { text: held.text, rows: held.rows - 1 };
        columns.push(repeated(held.text, budget));
      }
    };
    for (const cell of cells) {
      fill();
      const text = write(cell);
      const wide = span(cell.attributes.colspan, MAX_SPAN) || 1;
      const high = span(cell.attributes.rowspan, rows.length) || rows.length - index;
      for (let column = 0; column < wide; column++) {
        if (column > 0 && below[columns.length]) break;
        const shown = column === 0 ? text : index < heads ? repeated(text, budget) : repeated("", budget);
        if (shown === undefined) break;
        if (high > 1) next[columns.length] = { text: column === 0 || index < heads ? text : "", rows: high - 1 };
        columns.push(shown);
      }
    }
    fill();
    below = next;
    if (index < heads) head.push(columns);
    if (index === heads - 1) {
      const titles = merged(head);
      yield row(titles);
      yield `|${" --- |".repeat(titles.length)}`;
    } else if (index >= heads) yield row(columns);
  }
}

function row(columns: readonly string[]): string {
  return `| ${columns.join(" | ")} |`;
}

/** One row of titles: each column's titles from above to below, each once. */
function merged(head: readonly string[][]): string[] {
  const width = Math.max(...head.map((columns) => columns.length));
  return Array.from({ length: width }, (_, column) =>
    [...new Set(head.map((columns) => columns[column] ?? ""))].filter(Boolean).join(" "),
  );
}

/** The text while the budget lasts, then nothing. */
function repeated(text: string, budget: { spanned: number }): string {
  budget.spanned -= text.length + 3;
  return budget.spanned < 0 ? "" : text;
}

/** A span as HTML reads it: 1 when absent or not a number. */
function span(value: string | undefined, most: number): number {
  const number = Number.parseInt(value ?? "1", 10);
  return Number.isNaN(number) || number < 0 ? 1 : Math.min(number, most);
}

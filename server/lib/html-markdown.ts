/** Converts HTML to Markdown: headings, lists, tables and code are kept. */
import { tableRows } from "./html-table.ts";
import { type HtmlElement, parseHtml } from "./html-tree.ts";

const BLOCKS = new Set(
  "p div section article main header footer aside blockquote figure figcaption ul ol dl dd dt pre table details summary address fieldset hr caption".split(
    " ",
  ),
);
const HEADING = /^h([1-6])$/;
/** Items deeper than this are not indented further. */
const MAX_INDENT = 8;

/** Scripts, styles, forms, navigation and hidden elements are skipped. `title`: the text of `<title>`. */
export function htmlToMarkdown(source: string): { text: string; title?: string } {
  const { root, title } = parseHtml(source);
  const page = new Text();
  const budget = { spanned: Math.max(10_000, source.length) };
  new Writer(page, budget).children(root);
  return { text: page.toString(), ...(title && { title }) };
}

class Writer {
  readonly #out: Text;
  readonly #budget: { spanned: number };
  readonly #inCell: boolean;
  readonly #lists: { ordered: boolean; count: number }[] = [];

  /** `inCell`: everything is written on one line. */
  constructor(out: Text, budget: { spanned: number }, inCell = false) {
    this.#out = out;
    this.#budget = budget;
    this.#inCell = inCell;
  }

  children({ children }: HtmlElement): void {
    for (const child of children)
      if (typeof child === "string") this.#out.words(child);
      else this.#element(child);
  }

  #element(element: HtmlElement): void {
    const { name, attributes } = element;
    const out = this.#out;
    const level = HEADING.exec(name)?.[1];
    if (name === "br") out.line();
    else if (name === "img") out.words(attributes.alt ?? "");
    else if (name === "table") this.#table(element);
    else if (name === "pre") this.#code(element);
    else if (name === "ul" || name === "ol") this.#list(element);
    else if (name === "li") this.#item(element);
    else if (level) {
      out.gap();
      if (!this.#inCell) out.add(`${"#".repeat(Number(level))} `);
      this.children(element);
      out.gap();
    } else if (name === "tr" || name === "td" || name === "th") {
      // Outside of a table, or in one that only arranges a page.
      out.gap();
      this.children(element);
      out.gap();
    } else if (BLOCKS.has(name) && !(this.#lists.length > 0 && (name === "p" || name === "div"))) {
      const gap = () => (this.#lists.length > 0 ? out.line() : out.gap());
      gap();
      this.children(element);
      gap();
    } else this.children(element);
  }

  #list(element: HtmlElement): void {
    const out = this.#out;
    if (this.#lists.length > 0) out.line();
    else out.gap();
    this.#lists.push({ ordered: element.name === "ol", count: 0 });
    this.children(element);
    this.#lists.pop();
    if (this.#lists.length === 0) out.gap();
  }

  #item(element: HtmlElement): void {
    const list = this.#lists.at(-1);
    const indent = Math.min(MAX_INDENT, Math.max(0, this.#lists.length - 1));
    this.#out.line();
    this.#out.add(`${"  ".repeat(indent)}${list?.ordered ? `${++list.count}.` : "-"} `);
    this.children(element);
    this.#out.line();
  }

  #code(element: HtmlElement): void {
    const out = this.#out;
    const text = textOf(element);
    if (this.#inCell) {
      out.words(text);
      return;
    }
    out.gap();
    out.add("```");
    out.line();
    out.add(text);
    out.line();
    out.add("```");
    out.gap();
  }

  #table(table: HtmlElement): void {
    const out = this.#out;
    const rows = this.#inCell ? undefined : tableRows(table);
    if (!rows) {
      // A table in a cell becomes words of the cell; one that arranges a page, its blocks.
      out.gap();
      this.children(table);
      out.gap();
      return;
    }
    out.gap();
    if (rows.caption) {
      new Writer(out, this.#budget).children(rows.caption);
      out.gap();
    }
    for (const line of rows.lines((cell) => this.#cell(cell), this.#budget)) {
      out.line();
      out.add(line);
    }
    out.gap();
  }

  #cell(cell: HtmlElement): string {
    const text = new Text(true);
    new Writer(text, this.#budget, true).children(cell);
    return text.toString().replaceAll("|", "\\|");
  }
}

/** All text below an element, as it stands. */
function textOf(element: HtmlElement): string {
  return element.children
    .map((child) => (typeof child === "string" ? child : child.name === "br" ? "\n" : textOf(child)))
    .join("");
}

/** Builds text from pieces. Spaces and line breaks are added with the next piece, so no piece is read twice. */
class Text {
  readonly #pieces: string[] = [];
  readonly #inline: boolean;
  #breaks = 0;
  #space = false;
  #last = "";

  /** `inline`: line breaks become spaces. */
  constructor(inline = false) {
    this.#inline = inline;
  }

  /** Adds text as it is. */
  add(text: string): void {
    if (text === "") return;
    const piece = this.#inline ? text.replaceAll("\n", " ") : text;
    if (this.#last !== "")
      if (this.#breaks > 0) this.#pieces.push("\n".repeat(this.#breaks));
      else if (this.#space && !/\s/.test(this.#last)) this.#pieces.push(" ");
    this.#pieces.push(piece);
    this.#breaks = 0;
    this.#space = false;
    this.#last = piece.at(-1)!;
  }

  /** Adds text with its white space collapsed. */
  words(text: string): void {
    const flat = text.replaceAll(/\s+/g, " ");
    if (flat.startsWith(" ")) this.#space = true;
    this.add(flat.trim());
    if (flat.endsWith(" ")) this.#space = true;
  }

  /** Starts a new line. */
  line(): void {
    if (this.#inline) this.#space = true;
    else if (this.#last !== "\n") this.#breaks ||= 1;
  }

  /** Starts a new paragraph. */
  gap(): void {
    if (this.#inline) this.#space = true;
    else this.#breaks = 2;
  }

  toString(): string {
    return this.#pieces.join("").trim();
  }
}

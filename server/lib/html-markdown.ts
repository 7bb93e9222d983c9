/** Converts HTML to Markdown: headings, lists, tables and code are kept. */
import { Parser as HtmlParser } from "htmlparser2";

const SKIPPED = new Set(
  "script style noscript template svg canvas iframe object nav form button select head".split(" "),
);
const BLOCKS = new Set(
  "p div section article main header footer aside blockquote figure figcaption ul ol dl dd dt pre table details summary address fieldset hr".split(
    " ",
  ),
);
/** Deeper pages are truncated: the parser's time per tag grows with the number of open tags. */
const MAX_DEPTH = 5000;
const VOID = new Set("area base br col embed hr img input link meta param source track wbr".split(" "));

/** Scripts, styles, forms, navigation and hidden elements are skipped. `title`: the text of `<title>`. */
export function htmlToMarkdown(source: string): { text: string; title?: string } {
  const page = new Text();
  let title = "";
  let inTitle = false;
  /** Nesting depth within a skipped element; 0 outside. */
  let skipping = 0;
  let depth = 0;
  let pre = 0;
  /** Cells of the open table row. */
  let cells: Text[] | undefined;
  let header = false;
  const lists: { ordered: boolean; count: number }[] = [];
  const out = () => cells?.at(-1) ?? page;

  const parser = new HtmlParser(
    {
      onopentag(name, attributes) {
        if (++depth > MAX_DEPTH) parser.pause();
        if (name === "title" && !title) inTitle = true;
        if (skipping > 0) {
          if (!VOID.has(name)) skipping++;
          return;
        }
        if (SKIPPED.has(name) || isHidden(attributes)) {
          if (!VOID.has(name)) skipping = 1;
          return;
        }
        const level = /^h([1-6])$/.exec(name);
        if (level && !cells) {
          page.gap();
          page.add(`${"#".repeat(Number(level[1]))} `);
        } else if (name === "br") out().line();
        else if (name === "li") {
          out().line();
          const list = lists.at(-1);
          const mark = list?.ordered ? `${++list.count}.` : "-";
          out().add(`${"  ".repeat(Math.max(0, lists.length - 1))}${mark} `);
        } else if (name === "tr") {
          page.line();
          cells = [];
          header = false;
        } else if ((name === "td" || name === "th") && cells) {
          cells.push(new Text(true));
          header ||= name === "th";
        } else if (name === "img" && attributes.alt) out().words(attributes.alt);
        else if (name === "pre") {
          out().gap();
          out().add("```");
          out().line();
          pre++;
        } else if (BLOCKS.has(name) && !(lists.length > 0 && (name === "p" || name === "div"))) {
          if (name === "ul" || name === "ol") {
            if (lists.length > 0) out().line();
            else out().gap();
            lists.push({ ordered: name === "ol", count: 0 });
          } else out().gap();
        }
      },
      ontext(text) {
        if (inTitle) title += text;
        if (skipping > 0) return;
        if (pre > 0) out().add(text);
        else out().words(text);
      },
      onclosetag(name) {
        depth--;
        if (name === "title") inTitle = false;
        if (skipping > 0) {
          if (!VOID.has(name)) skipping--;
          return;
        }
        if (name === "tr" && cells) {
          const row = cells.map((cell) => cell.toString().replaceAll("|", "\\|"));
          cells = undefined;
          if (row.length > 0) page.add(`| ${row.join(" | ")} |${header ? `\n|${" --- |".repeat(row.length)}` : ""}`);
          page.line();
        } else if (name === "pre" && pre > 0) {
          out().line();
          out().add("```");
          pre--;
          out().gap();
        } else if (name === "ul" || name === "ol") {
          lists.pop();
          if (lists.length === 0) out().gap();
        } else if (/^h[1-6]$/.test(name) || (BLOCKS.has(name) && lists.length === 0)) out().gap();
      },
    },
    { decodeEntities: true, lowerCaseTags: true },
  );
  parser.write(source);
  if (depth <= MAX_DEPTH) parser.end();
  const named = title.replaceAll(/\s+/g, " ").trim();
  return { text: page.toString(), ...(named && { title: named }) };
}

function isHidden(attributes: Record<string, string>): boolean {
  return (
    "hidden" in attributes ||
    attributes["aria-hidden"] === "true" ||
    /display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])/i.test(attributes.style ?? "")
  );
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

/** A page's readable text as Markdown: headings, lists, tables and code kept; scripts, styles, forms and hidden parts left out. */
import { Parser as HtmlParser } from "htmlparser2";
import { decodeText } from "./decode.ts";
import type { Parsed, Parser } from "./parser.ts";

const LEFT_OUT = new Set(
  "script style noscript template svg canvas iframe object nav form button select head".split(" "),
);
const BLOCKS = new Set(
  "p div section article main header footer aside blockquote figure figcaption ul ol dl dd dt pre table details summary address fieldset hr".split(
    " ",
  ),
);
const VOID = new Set("area base br col embed hr img input link meta param source track wbr".split(" "));

export const html: Parser = {
  name: "HTML",
  extensions: [".html", ".htm", ".xhtml"],
  mediaTypes: ["text/html", "application/xhtml+xml"],
  parse: (bytes, title) => toMarkdown(decodeText(bytes, title)),
};

function toMarkdown(source: string): Parsed {
  let out = "";
  let title = "";
  let inTitle = false;
  /** Depth within what is left out; 0 when outside. */
  let skipping = 0;
  let pre = 0;
  let cells: string[] | undefined;
  let header = false;
  const lists: { ordered: boolean; count: number }[] = [];

  const write = (text: string) => {
    if (cells) cells[cells.length - 1] += text.replaceAll("\n", " ");
    else out += text;
  };
  const gap = () => {
    if (cells) write(" ");
    else if (!/(?:^|\n\n)$/.test(out.slice(-2))) out = `${out.trimEnd()}\n\n`;
  };
  const line = () => {
    if (cells) write(" ");
    else if (out && !out.endsWith("\n")) out += "\n";
  };

  const parser = new HtmlParser(
    {
      onopentag(name, attributes) {
        if (name === "title" && !title) inTitle = true;
        if (skipping > 0) {
          if (!VOID.has(name)) skipping++;
          return;
        }
        if (LEFT_OUT.has(name) || isHidden(attributes)) {
          if (!VOID.has(name)) skipping = 1;
          return;
        }
        const level = /^h([1-6])$/.exec(name);
        if (level && !cells) {
          gap();
          write(`${"#".repeat(Number(level[1]))} `);
        } else if (name === "br") line();
        else if (name === "li") {
          line();
          const list = lists.at(-1);
          const mark = list?.ordered ? `${++list.count}.` : "-";
          write(`${"  ".repeat(Math.max(0, lists.length - 1))}${mark} `);
        } else if (name === "tr") {
          line();
          cells = [];
          header = false;
        } else if ((name === "td" || name === "th") && cells) {
          cells.push("");
          header ||= name === "th";
        } else if (name === "img" && attributes.alt) write(attributes.alt);
        else if (name === "pre") {
          gap();
          write("```\n");
          pre++;
        } else if (BLOCKS.has(name) && !(lists.length > 0 && (name === "p" || name === "div"))) {
          if (name === "ul" || name === "ol") {
            if (lists.length > 0) line();
            else gap();
            lists.push({ ordered: name === "ol", count: 0 });
          } else gap();
        }
      },
      ontext(text) {
        if (inTitle) title += text;
        if (skipping > 0) return;
        if (pre > 0) write(text);
        else {
          const flat = text.replaceAll(/\s+/g, " ");
          write(/(?:^|\s)$/.test(cells ? (cells.at(-1) ?? "") : out) ? flat.trimStart() : flat);
        }
      },
      onclosetag(name) {
        if (name === "title") inTitle = false;
        if (skipping > 0) {
          if (!VOID.has(name)) skipping--;
          return;
        }
        if (name === "tr" && cells) {
          const row = cells.map((cell) => cell.trim().replaceAll("|", "\\|"));
          cells = undefined;
          if (row.length > 0) write(`| ${row.join(" | ")} |\n${header ? `|${" --- |".repeat(row.length)}\n` : ""}`);
        } else if (name === "pre" && pre > 0) {
          line();
          write("```");
          pre--;
          gap();
        } else if (name === "ul" || name === "ol") {
          lists.pop();
          if (lists.length === 0) gap();
        } else if (/^h[1-6]$/.test(name) || (BLOCKS.has(name) && lists.length === 0)) gap();
      },
    },
    { decodeEntities: true, lowerCaseTags: true },
  );
  parser.write(source);
  parser.end();
  const named = title.replaceAll(/\s+/g, " ").trim();
  return { text: out.trim(), format: "markdown", lines: false, ...(named && { title: named }) };
}

function isHidden(attributes: Record<string, string>): boolean {
  return (
    "hidden" in attributes ||
    attributes["aria-hidden"] === "true" ||
    /display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])/i.test(attributes.style ?? "")
  );
}

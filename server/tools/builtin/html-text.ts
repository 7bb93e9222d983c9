/** The readable text of an HTML page: one pass, no document built. */

const SILENT = new Set(["script", "style", "template", "noscript", "svg", "iframe", "object"]);
const BLOCK = new Set(
  "address article aside blockquote br dd div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section table tr ul title".split(
    " ",
  ),
);
const ENTITIES: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
  ["nbsp", " "],
  ["mdash", "—"],
  ["ndash", "–"],
  ["hellip", "…"],
  ["copy", "©"],
]);

/** Text with a line break at each block and a dash before each list item. Comments, scripts and styles are left out. */
export function htmlText(html: string): string {
  const out: string[] = [];
  let at = 0;
  while (at < html.length) {
    const open = html.indexOf("<", at);
    if (open < 0) {
      out.push(html.slice(at));
      break;
    }
    out.push(html.slice(at, open));
    if (html.startsWith("<!--", open)) {
      at = after(html, "-->", open + 4);
      continue;
    }
    const close = html.indexOf(">", open);
    if (close < 0) break;
    const name = /^<\/?([a-z][a-z0-9]*)/i.exec(html.slice(open, Math.min(close, open + 40)))?.[1]?.toLowerCase();
    at = close + 1;
    if (!name) continue;
    if (SILENT.has(name) && html[open + 1] !== "/") at = endOf(html, name, at);
    else if (BLOCK.has(name)) out.push(name === "li" && html[open + 1] !== "/" ? "\n- " : "\n");
    else if (name === "td" || name === "th") out.push("\t");
  }
  return entities(out.join(""))
    .split("\n")
    .map((line) => line.replaceAll(/[ \t\r\f]+/g, " ").trim())
    .filter((line, i, lines) => line !== "" || (lines[i - 1] ?? "") !== "")
    .join("\n")
    .trim();
}

function after(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from);
  return found < 0 ? text.length : found + mark.length;
}

function endOf(html: string, name: string, from: number): number {
  const pattern = new RegExp(`</${name}[\\s>/]`, "gi");
  pattern.lastIndex = from;
  const found = pattern.exec(html);
  return found ? after(html, ">", found.index) : html.length;
}

function entities(text: string): string {
  return text.replaceAll(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|([a-z]{2,8}));/gi, (all, hex, decimal, name) => {
    if (name) return ENTITIES.get(name.toLowerCase()) ?? all;
    const code = hex ? Number.parseInt(hex, 16) : Number(decimal);
    return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : all;
  });
}

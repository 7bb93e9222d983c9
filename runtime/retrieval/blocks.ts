/** Splits a text into its blocks (paragraphs, lists, tables, code), each with heading path, line and page. */

const MAX_HEADING = 240;
/** A longer line is no heading. */
const MAX_TITLE = 1000;

export interface Block {
  kind: "prose" | "list" | "table" | "code";
  text: string;
  line: number;
  heading?: string;
  page?: number;
}

/** Paragraphs, separated by blank lines; form feeds separate pages. */
export function* textBlocks(source: string): Generator<Block> {
  const paged = source.includes("\f");
  let page = 1;
  let lines: string[] = [];
  let start = 0;
  const take = function* (): Generator<Block> {
    const text = lines.join("\n").trimEnd();
    if (text.trim()) yield { kind: "prose", text, line: start, ...(paged && { page }) };
    lines = [];
  };
  for (const { text, number, newPage } of numbered(linesOf(source))) {
    if (newPage) {
      yield* take();
      page++;
    }
    if (text.trim() === "") {
      yield* take();
    } else {
      if (lines.length === 0) start = number;
      lines.push(text);
    }
  }
  yield* take();
}

/** Blocks of Markdown. Headings (both kinds) make the path, fences are code; comments and front matter are left out. */
export function* markdownBlocks(source: string): Generator<Block> {
  const paged = source.includes("\f");
  let page = 1;
  const path: { level: number; title: string }[] = [];
  /** A heading without content: it becomes a passage when the next heading is not its child. */
  let bare: { level: number; title: string; line: number; heading: string | undefined } | undefined;
  let block: { kind: Block["kind"]; lines: string[]; start: number } | undefined;
  let fence: string | undefined;
  let comment = false;
  let number = 0;

  const headingPath = () =>
    path
      .map((part) => part.title)
      .join(" > ")
      .slice(0, MAX_HEADING) || undefined;
  const at = (kind: Block["kind"], text: string, line: number, heading = headingPath()): Block => ({
    kind,
    text,
    line,
    ...(heading && { heading }),
    ...(paged && { page }),
  });
  const take = function* (): Generator<Block> {
    const text = block?.lines.join("\n").trimEnd();
    if (block && text?.trim()) {
      bare = undefined;
      yield at(block.kind, text, block.start);
    }
    block = undefined;
  };
  const open = function* (level: number, title: string): Generator<Block> {
    if (bare && bare.level >= level) yield at("prose", bare.title, bare.line, bare.heading);
    while (path.length > 0 && path.at(-1)!.level >= level) path.pop();
    path.push({ level, title });
    bare = title ? { level, title, line: number, heading: headingPath() } : undefined;
  };

  for (const { text, number: here, newPage } of numbered(frontMatterBlanked(source))) {
    number = here;
    let line = text;
    if (newPage) {
      yield* take();
      fence = undefined;
      page++;
    }
    if (fence !== undefined) {
      block!.lines.push(line);
      if (line.trim().startsWith(fence) && line.trim().replaceAll(fence[0]!, "") === "") {
        fence = undefined;
        yield* take();
      }
      continue;
    }
    ({ line, comment } = withoutComments(line, comment));
    const fenced = /^ {0,3}(`{3,}|~{3,})/.exec(line);
    if (fenced) {
      yield* take();
      fence = fenced[1]!;
      block = { kind: "code", lines: [line], start: number };
      continue;
    }
    const atx = line.length <= MAX_TITLE && /^ {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$/.exec(line);
    if (atx) {
      yield* take();
      yield* open(atx[1]!.length, plainTitle(atx[2] ?? ""));
      continue;
    }
    const underline = /^ {0,3}(=+|-{2,})[ \t]*$/.exec(line);
    if (underline && block?.kind === "prose" && block.lines.length === 1 && block.lines[0]!.length <= MAX_TITLE) {
      const title = plainTitle(block.lines[0]!);
      block = undefined;
      yield* open(underline[1]!.startsWith("=") ? 1 : 2, title);
      continue;
    }
    if (line.trim() === "") {
      if (block?.kind === "list") block.lines.push("");
      else yield* take();
      continue;
    }
    const kind = lineKind(line, block?.kind);
    if (
      block &&
      (block.kind !== kind ||
        (block.kind === "list" && block.lines.at(-1) === "" && !isItem(line) && !/^\s/.test(line)))
    )
      yield* take();
    block ??= { kind, lines: [], start: number };
    block.lines.push(line);
  }
  yield* take();
  if (bare) yield at("prose", bare.title, bare.line, bare.heading);
}

export function isItem(line: string): boolean {
  return /^\s*(?:[-*+]|\d{1,9}[.)])\s/.test(line);
}

function lineKind(line: string, current: Block["kind"] | undefined): Block["kind"] {
  if (/^\s*\|/.test(line)) return "table";
  if (isItem(line) || current === "list") return "list";
  return "prose";
}

function plainTitle(title: string): string {
  return title
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replaceAll(/[*_`]{1,3}(?=\S)|(?<=\S)[*_`]{1,3}/g, "")
    .trim();
}

function withoutComments(line: string, inside: boolean): { line: string; comment: boolean } {
  let rest = line;
  let kept = "";
  let comment = inside;
  while (rest) {
    const mark = comment ? "-->" : "<!--";
    const found = rest.indexOf(mark);
    if (found < 0) {
      if (!comment) kept += rest;
      break;
    }
    if (!comment) kept += rest.slice(0, found);
    rest = rest.slice(found + mark.length);
    comment = !comment;
  }
  return { line: kept, comment };
}

/** Replaces the lines of YAML front matter by empty lines, so that line numbers stay correct. */
function* frontMatterBlanked(source: string): Generator<string> {
  const match = /^---[ \t]*\r?\n[\s\S]*?\r?\n(?:---|\.\.\.)[ \t]*(?=\r?\n|$)/.exec(source.slice(0, 20_000));
  if (!match) {
    yield* linesOf(source);
    return;
  }
  for (const _ of linesOf(match[0])) yield "";
  yield* linesOf(source.slice(match[0].length).replace(/^\r?\n/, ""));
}

/** Lines with their numbers. The text after a form feed is a separate line with the same number. */
function* numbered(lines: Iterable<string>): Generator<{ text: string; number: number; newPage: boolean }> {
  let number = 0;
  for (const line of lines) {
    number++;
    for (const [index, text] of line.split("\f").entries()) yield { text, number, newPage: index > 0 };
  }
}

function* linesOf(text: string): Generator<string> {
  let start = 0;
  while (start <= text.length) {
    const end = text.indexOf("\n", start);
    const line = end < 0 ? text.slice(start) : text.slice(start, end);
    yield line.endsWith("\r") ? line.slice(0, -1) : line;
    if (end < 0) return;
    start = end + 1;
  }
}

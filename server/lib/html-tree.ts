/** Parses HTML into a tree of what a reader sees, in time linear in its length. */
import { Parser } from "htmlparser2";

export interface HtmlElement {
  name: string;
  attributes: Record<string, string>;
  children: (HtmlElement | string)[];
}

const SKIPPED = new Set(
  "script style noscript template svg canvas iframe object nav form button select head title".split(" "),
);
const VOID = new Set("area base br col embed hr img input link meta param source track wbr".split(" "));
/** Elements that are nested deeper become children of one at this depth. */
const MAX_DEPTH = 400;
const MAX_TITLE = 1000;

/** Scripts, styles, forms, navigation and hidden elements are left out. `title`: the text of `<title>`. */
export function parseHtml(source: string): { root: HtmlElement; title: string } {
  const root: HtmlElement = { name: "", attributes: {}, children: [] };
  /** The open elements; null for one that is left out. */
  const open: (HtmlElement | null)[] = [root];
  let title = "";
  let inTitle = false;
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        if (name === "title" && !title) inTitle = true;
        const parent = open.at(-1)!;
        let element: HtmlElement | null = null;
        if (parent && !SKIPPED.has(name) && !isHidden(attributes)) {
          element = { name, attributes, children: [] };
          parent.children.push(element);
          if (open.length > MAX_DEPTH) element = parent;
        }
        if (!VOID.has(name)) open.push(element);
      },
      ontext(text) {
        if (inTitle) title += text;
        open.at(-1)?.children.push(text);
      },
      onclosetag(name) {
        if (name === "title") inTitle = false;
        if (!VOID.has(name) && open.length > 1) open.pop();
      },
    },
    { decodeEntities: true, lowerCaseTags: true },
  );
  // Its own arrays cost time in proportion to the open elements, for each tag.
  Object.assign(parser, { stack: new Stack<string>([]), foreignContext: new Stack<number>([0]) });
  parser.write(source);
  parser.end();
  return { root, title: title.slice(0, MAX_TITLE).replaceAll(/\s+/g, " ").trim() };
}

function isHidden(attributes: Record<string, string>): boolean {
  return (
    "hidden" in attributes ||
    attributes["aria-hidden"] === "true" ||
    /display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])/i.test(attributes.style ?? "")
  );
}

/** The part of an array that htmlparser2 uses, with index 0 at the top. To look for what is not there costs nothing. */
class Stack<T> {
  readonly #items: T[];
  readonly #counts = new Map<T, number>();

  constructor(items: T[]) {
    this.#items = [];
    for (const item of items) this.unshift(item);
  }

  get 0(): T | undefined {
    return this.#items.at(-1);
  }

  get length(): number {
    return this.#items.length;
  }

  unshift(item: T): void {
    this.#items.push(item);
    this.#counts.set(item, (this.#counts.get(item) ?? 0) + 1);
  }

  shift(): T | undefined {
    const item = this.#items.pop();
    if (item !== undefined) this.#counts.set(item, this.#counts.get(item)! - 1);
    return item;
  }

  includes(item: T): boolean {
    return (this.#counts.get(item) ?? 0) > 0;
  }

  /** Costs as many steps as the parser then closes elements. */
  indexOf(item: T): number {
    return this.includes(item) ? this.#items.length - 1 - this.#items.lastIndexOf(item) : -1;
  }
}

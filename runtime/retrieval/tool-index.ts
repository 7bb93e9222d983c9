/**
 * Finds tools for a question by the words of their names, summaries and parameters. Build an index once per set of tools
 * and keep it. With vectors, fuse both rankings with `fuseRanks`.
 */
import type { JsonSchema } from "../tool.ts";
import { Bm25, type Bm25Field } from "./bm25.ts";
import { queryTerms, terms } from "./terms.ts";

export interface IndexedTool {
  name: string;
  summary: string;
  parameters: JsonSchema;
}

/** Measured with bench/tool-retrieval.ts. Half or twice a value changes recall by about one percentage point. */
const FIELDS: readonly Bm25Field[] = [
  /* name */ { weight: 2, lengthPenalty: 0.6 },
  /* summary */ { weight: 1.5, lengthPenalty: 0.75 },
  /* parameters */ { weight: 1, lengthPenalty: 0.9 },
];
/** Longer texts add nothing about the purpose, and may be written to match any question. */
const MAX_SUMMARY = 2000;
const MAX_PARAMETER_TEXT = 4000;
const MAX_PARAMETER_DEPTH = 4;

export class ToolIndex<T extends IndexedTool = IndexedTool> {
  readonly tools: readonly T[];
  readonly #words: Bm25;

  constructor(tools: readonly T[]) {
    this.tools = tools;
    this.#words = new Bm25(
      FIELDS,
      tools.map((tool) => [
        terms(splitNames(tool.name)),
        terms(splitNames(tool.summary.slice(0, MAX_SUMMARY))),
        terms(splitNames(parameterText(tool.parameters))),
      ]),
    );
  }

  /** The `limit` best tools for a question, best first. Tools that share no word with it are left out. `only` filters tools. */
  search(question: string, limit: number, only?: (tool: T) => boolean): { tool: T; score: number }[] {
    const found = this.#words.search(
      queryTerms(splitNames(question)),
      limit,
      only && ((document) => only(this.tools[document]!)),
    );
    return found.map(({ document, score }) => ({ tool: this.tools[document]!, score }));
  }
}

/** The name, summary and parameters of a tool as one text, for embedding. */
export function toolText(tool: IndexedTool): string {
  return [
    splitNames(tool.name.slice(tool.name.indexOf("/") + 1)),
    tool.summary.slice(0, MAX_SUMMARY),
    parameterText(tool.parameters),
  ]
    .filter(Boolean)
    .join("\n");
}

/** Splits identifiers into words: `getUserHTTPById` → `get User HTTP By Id`. `terms` splits `snake_case`. */
export function splitNames(text: string): string {
  return text.replaceAll(/(\p{Ll}|\d)(?=\p{Lu})|(\p{Lu})(?=\p{Lu}\p{Ll})|(\p{L})(?=\d)/gu, "$& ");
}

/** Names, descriptions and allowed values of all parameters, nested ones included. */
function parameterText(schema: JsonSchema): string {
  const parts: string[] = [];
  let length = 0;
  const visit = (value: unknown, depth: number) => {
    if (value === null || typeof value !== "object" || depth > MAX_PARAMETER_DEPTH) return;
    const {
      properties,
      items,
      description,
      enum: allowed,
    } = value as { properties?: unknown; items?: unknown; description?: unknown; enum?: unknown };
    const add = (text: unknown) => {
      if (typeof text !== "string" || length > MAX_PARAMETER_TEXT) return;
      parts.push(text);
      length += text.length;
    };
    if (depth > 0) add(description);
    if (Array.isArray(allowed)) for (const one of allowed.slice(0, 20)) add(one);
    if (properties !== null && typeof properties === "object")
      for (const [name, member] of Object.entries(properties)) {
        add(name);
        visit(member, depth + 1);
      }
    visit(items, depth + 1);
  };
  visit(schema, 0);
  return parts.join(" ");
}

/** Fills a tool's arguments from a message, by each parameter's type, format and name. */
import type { JsonSchema } from "../../../runtime/tool.ts";
import { identifierWords, questionTerms, termSet } from "./terms.ts";

export interface Filled {
  arguments: Record<string, unknown>;
  /**
   * How specific the values are: 2 for a special form (a URL, an expression), 1 for a number, a date or a choice, 0 for
   * a phrase.
   */
  evidence: number;
}

type Property = {
  type?: string | string[];
  format?: string;
  enum?: unknown[];
  default?: unknown;
  description?: string;
  items?: Property;
};

/** Values found in a message, each used once. */
interface FoundValues {
  text: string;
  quoted: string[];
  urls: string[];
  paths: string[];
  dates: string[];
  numbers: number[];
  expression?: string;
}

/**
 * Undefined when a required parameter cannot be filled. An optional one is filled only by a value of a special form.
 */
export function fillArguments(parameters: JsonSchema, message: string, hint: string): Filled | undefined {
  const properties = (parameters.properties ?? {}) as Record<string, Property>;
  const required = new Set(Array.isArray(parameters.required) ? (parameters.required as string[]) : []);
  const finds = findValues(message);
  const filled: Filled = { arguments: {}, evidence: 0 };
  // Required parameters come first, so that an optional one does not use up a value that they need.
  const names = Object.keys(properties).sort((a, b) => Number(required.has(b)) - Number(required.has(a)));
  for (const name of names) {
    const value = valueFor(name, properties[name]!, finds, required.has(name), hint);
    if (value === undefined) {
      if (required.has(name)) return undefined;
      continue;
    }
    filled.arguments[name] = value.value;
    filled.evidence = Math.max(filled.evidence, value.evidence);
  }
  return filled;
}

type ArgumentValue = { value: unknown; evidence: number };

function valueFor(
  name: string,
  property: Property,
  finds: FoundValues,
  required: boolean,
  hint: string,
): ArgumentValue | undefined {
  const type = Array.isArray(property.type) ? property.type.find((one) => one !== "null") : property.type;
  if (property.enum?.length) return fromChoices(property, finds.text, required);
  switch (type) {
    case "integer":
    case "number": {
      const number = finds.numbers.shift();
      if (number !== undefined) return { value: type === "integer" ? Math.round(number) : number, evidence: 1 };
      return required && typeof property.default === "number" ? { value: property.default, evidence: 0 } : undefined;
    }
    case "boolean":
      return required ? { value: property.default ?? false, evidence: 0 } : undefined;
    case "array": {
      if (!required) return undefined;
      const items =
        property.items?.type === "number" || property.items?.type === "integer"
          ? finds.numbers.splice(0)
          : stringsFor(name, finds);
      return items.length ? { value: items, evidence: 1 } : undefined;
    }
    case "object":
      return undefined;
    default:
      return stringFor(name, property, finds, required, hint);
  }
}

function stringFor(
  name: string,
  property: Property,
  finds: FoundValues,
  required: boolean,
  hint: string,
): ArgumentValue | undefined {
  const about = `${identifierWords(name)} ${property.description ?? ""}`.toLowerCase();
  const named = identifierWords(name).toLowerCase();
  if (property.format === "uri" || /\b(url|uri|link|address of)\b|网址|链接/.test(about)) {
    const url = finds.urls.shift();
    return url ? { value: url, evidence: 2 } : undefined;
  }
  if (/\b(expression|formula|equation)\b|表达式|算式/.test(about)) {
    return finds.expression ? { value: finds.expression, evidence: 2 } : undefined;
  }
  if (property.format === "date" || property.format === "date-time" || /\bdate\b|日期/.test(named)) {
    const date = finds.dates.shift();
    return date ? { value: date, evidence: 1 } : undefined;
  }
  if (/\b(path|file|filename|dir|directory|folder)\b|路径/.test(named)) {
    const path = finds.paths.shift() ?? finds.quoted.shift();
    // The name of a file does not fit a tool for folders.
    if (path && /\.\w+$/.test(path) && /director|folder|目录|文件夹/i.test(hint.split(" — ")[0]!)) return undefined;
    if (path) return { value: path, evidence: 2 };
    return required && /director|folder|\bdir\b|list|目录|文件夹/.test(`${named} ${hint.toLowerCase()}`)
      ? { value: ".", evidence: 0 }
      : undefined;
  }
  if (/\b(time ?zone|tz)\b|时区/.test(about)) {
    const zone = /\b[A-Z][A-Za-z]+\/[A-Z][A-Za-z_]+\b|\bUTC\b/.exec(finds.text)?.[0];
    return zone ? { value: zone, evidence: 1 } : undefined;
  }
  if (/\b(id|identifier|code|number)\b/.test(named)) {
    const id =
      /\b(?=[\w-]*\d)[A-Za-z][\w]*-[\w-]+\b|\b(?=[A-Za-z]*\d)[A-Za-z\d]{6,}\b/.exec(finds.text)?.[0] ?? finds.quoted[0];
    if (id) return { value: id, evidence: 1 };
    if (!required) return undefined;
  }
  if (!required) return undefined;
  const quoted = finds.quoted.shift();
  if (quoted) return { value: quoted, evidence: 1 };
  const place = /\b(city|location|place|town|country)\b|城市|地点/.test(about) ? locationIn(finds.text) : undefined;
  if (place) return { value: place, evidence: 1 };
  const phrase = remainingPhrase(finds.text, hint);
  return phrase ? { value: phrase, evidence: 0 } : undefined;
}

function fromChoices(property: Property, text: string, required: boolean): ArgumentValue | undefined {
  const lower = text.toLowerCase();
  const choices = property.enum!.filter((choice): choice is string => typeof choice === "string");
  const said =
    choices.find((choice) => lower.includes(choice.toLowerCase())) ??
    choices.find((choice) => overlaps(identifierWords(choice), text));
  if (said !== undefined) return { value: said, evidence: 1 };
  return required ? { value: property.default ?? property.enum![0], evidence: 0 } : undefined;
}

function overlaps(choice: string, text: string): boolean {
  const words = termSet(text);
  return [...termSet(choice)].some((word) => words.has(word));
}

function stringsFor(name: string, finds: FoundValues): string[] {
  if (/path|file/.test(name.toLowerCase())) return finds.paths.splice(0);
  return finds.quoted.splice(0);
}

const QUOTED =
  /"([^"]{1,500})"|“([^”]{1,500})”|「([^」]{1,500})」|『([^』]{1,500})』|《([^》]{1,500})》|`([^`]{1,500})`|(?<![\p{L}\d])'([^']{1,500})'(?![\p{L}\d])/gu;
const URL_TEXT = /https?:\/\/[^\s"'<>，。）)]+/g;
const PATH =
  /(?<![\p{L}\d/.])(?:\.{0,2}\/)?(?:[\w\-.@]+\/)*[\w\-@]+\.[A-Za-z][A-Za-z\d]{0,7}(?![\w/])|(?<![\p{L}\d.:/])(?:\.{0,2}\/)[\w\-.@/]*/gu;
const DATE = /\b\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})?)?\b/g;
/** Digits inside an id are not a number. */
const NUMBER = /(?<![A-Za-z\d_-])-?\d+(?:[.,]\d+)*(?![A-Za-z\d_-])/g;

function findValues(text: string): FoundValues {
  const urls = text.match(URL_TEXT) ?? [];
  const rest = text.replaceAll(URL_TEXT, " ");
  const quoted = [...rest.matchAll(QUOTED)].map((match) => match.slice(1).find((part) => part !== undefined)!);
  const dates = rest.match(DATE) ?? [];
  const bare = rest.replaceAll(DATE, " ");
  const paths = (bare.match(PATH) ?? []).filter(
    (path) => !/^\d+(\.\d+)?$/.test(path) && /[A-Za-z\u4e00-\u9fff./]/.test(path),
  );
  const numbers = (bare.match(NUMBER) ?? [])
    .map((number) => Number(number.replaceAll(",", "")))
    .filter(Number.isFinite);
  return {
    text,
    quoted,
    urls: [...urls],
    paths: [...paths],
    dates: [...dates],
    numbers,
    expression: expressionIn(bare),
  };
}

const SPOKEN_ARITHMETIC: [RegExp, string][] = [
  [/(\d)\s*(?:multiplied by|times|乘以|乘)\s*(?=[\d(])/gi, "$1 * "],
  [/(\d)\s*(?:divided by|除以)\s*(?=[\d(])/gi, "$1 / "],
  [/(\d)\s*(?:plus|加上|加)\s*(?=[\d(])/gi, "$1 + "],
  [/(\d)\s*(?:minus|减去|减)\s*(?=[\d(])/gi, "$1 - "],
  [/(\d)\s*(?:to the power of|的次方)\s*(?=\d)/gi, "$1 ^ "],
  [/(\d+(?:\.\d+)?)\s*%\s*(?:of|的)\s*(?=[\d(])/gi, "$1 / 100 * "],
  [/(\d+(?:\.\d+)?)\s*(?:percent of|的百分之)\s*(?=[\d(])/gi, "$1 / 100 * "],
  [/(?:the )?square root of\s*(\d+(?:\.\d+)?)/gi, "sqrt($1)"],
  [/(\d+(?:\.\d+)?)\s*的平方根/g, "sqrt($1)"],
  [/(\d+(?:\.\d+)?)\s*(?:squared|的平方)/gi, "$1 ^ 2"],
  [/[×✕]/g, "*"],
  [/÷/g, "/"],
  [/−/g, "-"],
  [/(\d),(?=\d{3}(?!\d))/g, "$1"],
  [/（/g, "("],
  [/）/g, ")"],
];

/** The longest part of a text that is arithmetic, with spoken operators replaced by signs. */
export function expressionIn(text: string): string | undefined {
  let worded = text;
  for (const [words, sign] of SPOKEN_ARITHMETIC) worded = worded.replaceAll(words, sign);
  const stretches =
    worded.match(/(?:(?:sqrt|sin|cos|tan|log|ln|exp|abs|round|min|max)\s*\(|[\d.()+\-*/^%!,\s]|\bpi\b)+/gi) ?? [];
  const sums = stretches
    .map((stretch) => trimExpression(stretch))
    .filter(
      (stretch) =>
        /\d/.test(stretch) &&
        (/\d\s*[+\-*/^%]\s*[\d(.a-z]/i.test(stretch) ||
          /\)\s*[+\-*/^%]/.test(stretch) ||
          /[a-z]\s*\(/i.test(stretch) ||
          /\d!/.test(stretch)),
    );
  return sums.sort((a, b) => b.length - a.length)[0];
}

/** Removes punctuation of the sentence around it, and unmatched brackets. */
function trimExpression(stretch: string): string {
  let text = stretch
    .trim()
    .replace(/^[+*/^%!,.\s]+/, "")
    .replace(/[+\-*/^,.\s]+$/, "");
  const count = (sign: string): number => text.split(sign).length - 1;
  while (count(")") > count("(") && text.endsWith(")")) text = text.slice(0, -1).trim();
  while (count("(") > count(")") && text.startsWith("(")) text = text.slice(1).trim();
  return text;
}

function locationIn(text: string): string | undefined {
  const english = /\b(?:in|at|for|of|near)\s+((?:[A-Z][\p{L}'-]+)(?:\s+[A-Z][\p{L}'-]+)*)/u.exec(text)?.[1];
  if (english) return english;
  return /(?:^|[，。,\s在去到查])([\p{Script=Han}]{2,6}?)(?:市|省|县)?(?:今天|明天|现在|的|天气)/u.exec(text)?.[1];
}

const REQUEST_PREFIX =
  /^(?:(?:please|can you|could you|would you|i want to|i would like to|i'd like to|help me|tell me|show me|give me|请问|请帮我|请你|请|帮我|我想|能不能|可以|麻烦)[\s,，]*)+/i;

/** The message without the leading words that name the tool, as the value of a search or text parameter. */
function remainingPhrase(text: string, hint: string): string {
  const whole = text.trim().replace(REQUEST_PREFIX, "");
  const after = /^[^:：\n]{1,40}[:：]\s*(\S[\s\S]*)$/.exec(whole)?.[1];
  if (after) return after.trim();
  const spoken = termSet(hint);
  const words = whole.split(/\s+/);
  let begin = 0;
  while (begin < words.length - 1 && begin < 4 && isLeadingWord(words[begin]!, spoken)) begin += 1;
  return words
    .slice(begin)
    .join(" ")
    .replace(/[?？!！.。]+$/u, "");
}

function isLeadingWord(word: string, spoken: Set<string>): boolean {
  if (/\p{Script=Han}/u.test(word)) return false;
  const own = [...termSet(word)];
  return (
    questionTerms(word).size === 0 ||
    own.some((term) => spoken.has(term)) ||
    /^(the|a|an|for|about|of|to|me|up|what|is|are|whats|what's)$/i.test(word)
  );
}

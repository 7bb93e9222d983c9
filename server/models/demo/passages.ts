/** Finds the sentences of numbered passages that answer a question. */
import { splitPassages } from "../../../runtime/documents.ts";
import { questionUnits, termSet } from "./terms.ts";

export interface Passage {
  number: number;
  title: string;
  text: string;
}

export interface Quote {
  number: number;
  sentence: string;
  score: number;
}

/** The passages of a user message, else a numbered list in another text (such as one that a prompt node wrote). */
export function passagesIn(user: string, others: string[]): { passages: Passage[]; question: string } {
  const split = splitPassages(user);
  if (split.passages.length) return split;
  for (const text of [user, ...others]) {
    const listed = listIn(text);
    if (listed.passages.length)
      return { passages: listed.passages, question: text === user ? listed.rest || user : user };
  }
  return { passages: [], question: user };
}

/** Format: `[1] title`, the text below it, and an empty line before the next. */
function listIn(text: string): { passages: Passage[]; rest: string } {
  const passages: Passage[] = [];
  const rest: string[] = [];
  for (const block of text.split(/\n\s*\n(?=\[\d+\] )|(?<=^|\n)(?=\[1\] )/)) {
    const head = /^\[(\d+)\] (.*)\n([\s\S]*)$/.exec(block.trim());
    if (!head) {
      rest.push(block.trim());
      continue;
    }
    passages.push({ number: Number(head[1]), title: head[2]!, text: head[3]! });
  }
  return { passages, rest: rest.join("\n\n") };
}

/** Share of the question's weight that the best sentence must reach. */
const MIN_SCORE = 0.3;
const MAX_QUOTES = 3;

/** The sentences that answer best, in reading order; empty when none reaches the minimum score. */
export function bestQuotes(passages: Passage[], question: string): Quote[] {
  const asked = questionUnits(question);
  const wanted = expectedForm(question);
  const sentences = passages.flatMap((passage) =>
    sentencesOf(passage.text).map((sentence) => ({
      passage,
      ...sentence,
      words: termSet(sentence.text),
      around: termSet(`${passage.title} ${sentence.heading}`),
    })),
  );
  const weights = unitWeights(
    asked,
    sentences.map((sentence) => new Set([...sentence.words, ...sentence.around])),
  );
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0);
  if (total === 0) return [];
  const rated = sentences.map((sentence) => {
    let score = 0;
    for (const [unit, weight] of weights) {
      if (unit.some((term) => sentence.words.has(term))) score += weight;
      else if (unit.some((term) => sentence.around.has(term))) score += 0.5 * weight;
    }
    score /= total;
    if (score > 0 && wanted && wanted.test(sentence.text)) score += 0.15;
    // Between equal sentences, prefer the better passage, then the shorter sentence.
    score -= 0.01 * sentence.passage.number + Math.min(sentence.text.length, 400) / 20_000;
    return { number: sentence.passage.number, sentence: sentence.text, score, order: 0 };
  });
  rated.forEach((quote, order) => {
    quote.order = order;
  });
  const ranked = [...rated].sort((a, b) => b.score - a.score);
  const best = ranked[0];
  if (!best || best.score < MIN_SCORE) return [];
  const chosen: typeof ranked = [];
  for (const quote of ranked) {
    if (quote.score < Math.max(MIN_SCORE, 0.85 * best.score) || chosen.length === MAX_QUOTES) break;
    // Another passage must be nearly as good as the best. A whole table adds nothing to its chosen row.
    if (quote.number !== best.number && quote.score < 0.97 * best.score) continue;
    if (!chosen.some((other) => quote.sentence.includes(other.sentence))) chosen.push(quote);
  }
  return chosen.sort((a, b) => a.order - b.order).map(({ number, sentence, score }) => ({ number, sentence, score }));
}

/** A pattern that the answer should match, when the kind of question shows it. */
function expectedForm(question: string): RegExp | undefined {
  if (/\bhow (many|much|long|often|far|old|big)\b|多少|几[天个次年月点岁小]|多[长久大远]/i.test(question)) {
    return /\d|\b(one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|thirty)\b|[一二两三四五六七八九十百]/i;
  }
  if (/\b(when|what time|what date)\b|什么时候|何时|几点/i.test(question)) {
    return /\d|\b(monday|tuesday|wednesday|thursday|friday|saturday|sunday|january|february|march|april|may|june|july|august|september|october|november|december|noon|midnight|before|after|within)\b|[日月年点周]/i;
  }
  if (/\bwho(m|se)?\b|谁/i.test(question))
    return /\b[A-Z][a-z]+\b|\b(manager|lead|team|desk|office|officer|head|department)\b|经理|主管|部|组|人/;
  return undefined;
}

/** Weight of each unit of the question: a word with its equivalent in the other language. */
function unitWeights(asked: string[][], holders: Set<string>[]): Map<string[], number> {
  const weights = new Map<string[], number>();
  for (const unit of asked) {
    const count = holders.filter((holder) => unit.some((term) => holder.has(term))).length;
    // A pair of characters is more specific than the two alone.
    const size = /^\p{Script=Han}$/u.test(unit[0]!) ? 0.3 : 1;
    weights.set(unit, size * (count ? Math.log(1 + holders.length / count) : Math.log(1 + holders.length) * 0.5));
  }
  return weights;
}

interface Sentence {
  text: string;
  /** The headings above it, and the line that introduces its list. */
  heading: string;
}

/** The sentences, list items and table rows of Markdown, each with the headings above it. */
export function sentencesOf(markdown: string): Sentence[] {
  const sentences: Sentence[] = [];
  const headings: string[] = [];
  let intro = "";
  let columns: string[] | undefined;
  let paragraph = "";
  const flush = (): void => {
    for (const text of splitSentences(paragraph)) sentences.push({ text, heading: headings.join(" ") });
    if (/[:：]\s*$/.test(paragraph)) intro = stripMarkdown(paragraph);
    paragraph = "";
  };
  for (const line of markdown.split("\n")) {
    const trimmed = line.trim();
    const heading = /^(#{1,6})\s+(.*)$/.exec(trimmed);
    const item = /^(?:[-*+]|\d+[.)、])\s+(.*)$/.exec(trimmed);
    if (heading) {
      flush();
      intro = "";
      headings.length = Math.min(headings.length, heading[1]!.length - 1);
      headings.push(stripMarkdown(heading[2]!));
    } else if (trimmed.startsWith("|")) {
      flush();
      const cells = trimmed
        .replace(/^\||\|$/g, "")
        .split("|")
        .map((cell) => stripMarkdown(cell.trim()));
      if (cells.every((cell) => /^:?-+:?$/.test(cell))) continue;
      if (!columns) columns = cells;
      else sentences.push({ text: rowSentence(columns, cells), heading: `${headings.join(" ")} ${intro}` });
      continue;
    } else if (item) {
      flush();
      const text = stripMarkdown(item[1]!);
      if (text) sentences.push({ text, heading: `${headings.join(" ")} ${intro}` });
    } else if (trimmed === "") flush();
    else paragraph += paragraph ? `${/[\u4e00-\u9fff]$/.test(paragraph) ? "" : " "}${trimmed}` : trimmed;
    columns = undefined;
  }
  flush();
  return sentences.map((sentence, place) =>
    /[:：]$/.test(sentence.text) ? withItems(sentence, sentences.slice(place + 1)) : sentence,
  );
}

const MAX_ITEMS = 8;

/** Adds the list or table that a sentence introduces. */
function withItems(sentence: Sentence, after: Sentence[]): Sentence {
  const items: string[] = [];
  for (const { text, heading } of after) {
    if (!heading.endsWith(sentence.text) || items.length === MAX_ITEMS) break;
    items.push(text);
  }
  if (items.length === 0) return sentence;
  const chinese = sentence.text.endsWith("：");
  return { ...sentence, text: `${sentence.text}${chinese ? "" : " "}${items.join(chinese ? "；" : "; ")}` };
}

/** `Year of service: second; Days: 25` */
function rowSentence(columns: string[], cells: string[]): string {
  return cells.map((cell, place) => (columns[place] ? `${columns[place]}: ${cell}` : cell)).join("; ");
}

function splitSentences(paragraph: string): string[] {
  return stripMarkdown(paragraph)
    .split(/(?<=[.!?])\s+(?=[\p{Lu}\d"“(])|(?<=[。！？])/u)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence.length > 1);
}

function stripMarkdown(text: string): string {
  return text
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replaceAll(/(\*\*|__|\*|`)/g, "")
    .trim();
}

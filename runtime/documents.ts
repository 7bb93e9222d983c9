/** Documents as text for a model or a person: a numbered list with title and source. */
import type { Document } from "./message.ts";

/** `[1] handbook.md (Leave > Annual leave, page 3)` and the passage below it, separated by empty lines. Numbers count from `first`. */
export function renderDocuments(documents: readonly Document[], first = 1): string {
  return documents.map((document, index) => renderDocument(document, first + index)).join("\n\n");
}

export function renderDocument(document: Document, number: number): string {
  const source = sourceText(document);
  // A line of the passage that looks like the head of another one is indented.
  const text = document.text.trim().replaceAll(/^(?=\[\d+\])/gm, " ");
  return `[${number}] ${oneLine(document.title)}${source ? ` (${source})` : ""}\n${text}`;
}

/** The position in the source: `Leave > Annual leave, page 3, line 40`. Empty when unknown. */
function sourceText({ source }: Document): string {
  if (!source) return "";
  const parts: string[] = [];
  if (source.heading) parts.push(oneLine(source.heading));
  if (source.page !== undefined) parts.push(`page ${source.page}`);
  if (source.line !== undefined) parts.push(`line ${source.line}`);
  return parts.join(", ");
}

const OPEN = "<passages>";
const CLOSE = "</passages>";

/** A question with its passages, as one user text. `splitPassages` is the inverse. */
export function withPassages(documents: readonly Document[], question: string): string {
  if (documents.length === 0) return question;
  const passages = renderDocuments(documents).replaceAll(CLOSE, "< /passages>");
  return `${OPEN}\n${passages}\n${CLOSE}\n\n${question}`;
}

/** Splits a text of `withPassages` into passages and question. Any other text is a question without passages. */
export function splitPassages(text: string): {
  passages: { number: number; title: string; text: string }[];
  question: string;
} {
  const end = text.startsWith(`${OPEN}\n`) ? text.indexOf(`\n${CLOSE}\n\n`) : -1;
  if (end < 0) return { passages: [], question: text };
  const passages = text
    .slice(OPEN.length + 1, end)
    .split(/\n\n(?=\[\d+\] )/)
    .flatMap((block) => {
      const head = /^\[(\d+)\] (.*)\n?/.exec(block);
      return head ? [{ number: Number(head[1]), title: head[2]!, text: block.slice(head[0].length) }] : [];
    });
  return { passages, question: text.slice(end + CLOSE.length + 3) };
}

/**
 * Merges the documents of several searches, best first: the first of each, then the second of each… Scores of different
 * searches cannot be compared, but ranks can. Duplicates are removed.
 */
export function mergeDocuments(lists: readonly (readonly Document[])[]): Document[] {
  const merged = new Map<string, Document>();
  const longest = Math.max(0, ...lists.map((list) => list.length));
  for (let rank = 0; rank < longest; rank++)
    for (const list of lists) {
      const document = list[rank];
      if (document && !merged.has(document.id)) merged.set(document.id, document);
    }
  return [...merged.values()];
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

/** Documents as a model (or a person) reads them: a numbered list with title and place. */
import type { Document } from "./message.ts";

/** `[1] handbook.md (Leave > Annual leave, page 3)` and the passage below it; passages parted by an empty line. Numbers count from `first`. */
export function renderDocuments(documents: readonly Document[], first = 1): string {
  return documents.map((document, index) => renderDocument(document, first + index)).join("\n\n");
}

export function renderDocument(document: Document, number: number): string {
  const place = sourceText(document);
  // A line of the passage that looks like the head of another one is moved aside: numbers are ours alone.
  const text = document.text.trim().replaceAll(/^(?=\[\d+\])/gm, " ");
  return `[${number}] ${oneLine(document.title)}${place ? ` (${place})` : ""}\n${text}`;
}

/** Where in its source a passage stands: `Leave > Annual leave, page 3, line 40`; empty when nothing is known. */
function sourceText({ source: place }: Document): string {
  if (!place) return "";
  const parts: string[] = [];
  if (place.heading) parts.push(oneLine(place.heading));
  if (place.page !== undefined) parts.push(`page ${place.page}`);
  if (place.line !== undefined) parts.push(`line ${place.line}`);
  return parts.join(", ");
}

const OPEN = "<passages>";
const CLOSE = "</passages>";

/** A question with the passages found for it, as one user text. `splitPassages` takes it apart again. */
export function withPassages(documents: readonly Document[], question: string): string {
  if (documents.length === 0) return question;
  const passages = renderDocuments(documents).replaceAll(CLOSE, "< /passages>");
  return `${OPEN}\n${passages}\n${CLOSE}\n\n${question}`;
}

/** The passages and the question of a text made by `withPassages`; any other text is all question. */
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
 * The documents of several searches as one list, best first: the first of each, then the second of each… Scores of
 * different searches cannot be compared, ranks can. The same passage twice counts once.
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

/** The sources that a reply cites: `[1]` in its text is the first of the output's `documents`. */
import { Document } from "../../runtime/message.ts";
import type { RunResult } from "../contract/run.ts";
import { replyText } from "./agent-call.ts";

export interface Source extends Pick<Document, "id" | "title" | "source"> {
  /** As in the text of the reply. */
  number: number;
}

export interface Citation extends Source {
  /** Positions of the marker in the text of the reply, in UTF-16 code units; `end` is behind it. */
  start: number;
  end: number;
}

const MARKER = /[[【]([\d\s,，、]+)[\]】]/g;

/** The citations of a reply in order, and the sources that they name, once each. Passages are left out. */
export function citationsOf(result: RunResult): { citations: Citation[]; sources: Source[] } {
  const citations: Citation[] = [];
  const sources = new Map<number, Source>();
  const documents = result.output?.documents;
  if (!Array.isArray(documents) || documents.length === 0) return { citations, sources: [] };
  for (const marker of replyText(result).matchAll(MARKER)) {
    for (const number of marker[1]!.split(/\D+/).filter(Boolean).map(Number)) {
      const { data } = Document.safeParse(documents[number - 1]);
      if (!data) continue;
      const source = { number, id: data.id, title: data.title, ...(data.source && { source: data.source }) };
      citations.push({ ...source, start: marker.index, end: marker.index + marker[0].length });
      sources.set(number, source);
    }
  }
  return { citations, sources: [...sources.values()].sort((a, b) => a.number - b.number) };
}

/** `[1] handbook.md (Leave > Annual leave, page 3)`, a line for each. */
export function sourceLines(sources: readonly Source[]): string {
  return sources
    .map(({ number, title, source }) => {
      const where = [
        source?.heading,
        source?.page !== undefined && `page ${source.page}`,
        source?.line !== undefined && `line ${source.line}`,
      ].filter(Boolean);
      return `[${number}] ${title}${where.length > 0 ? ` (${where.join(", ")})` : ""}`;
    })
    .join("\n");
}

/**
 * Exports and imports a knowledge as one JSON Lines file: a header, then one document per line in its original form
 * (text as text, so that the file can be read and compared; else base64). Vectors are not included: they are made again
 * on import.
 */
import { z } from "zod";
import { PatchbayError } from "../../runtime/error.ts";
import type { KnowledgeDocument } from "../contract/knowledge.ts";
import type { Knowledge } from "./service.ts";

const FORMAT = "patchbay-knowledge/1";

const Head = z.object({ format: z.literal(FORMAT), name: z.string(), embedder: z.string().optional() });
const Line = z.object({
  title: z.string(),
  mediaType: z.string().optional(),
  text: z.string().optional(),
  base64: z.base64().optional(),
});

/** The lines, each with its `\n`. Rejects with `knowledge_missing`. */
export async function* exportKnowledge(knowledge: Knowledge, name: string): AsyncGenerator<string> {
  let after: string | undefined;
  let page = await knowledge.documents(name, { limit: 200 });
  const card = (await knowledge.cards()).find((one) => one.name === name);
  yield `${JSON.stringify({ format: FORMAT, name, embedder: card?.embedder })}\n`;
  while (page.length > 0) {
    for (const { id } of page) {
      const { title, mediaType, bytes } = await knowledge.source(name, id);
      yield `${JSON.stringify({ title, mediaType, ...content(bytes) })}\n`;
    }
    after = page.at(-1)!.id;
    page = await knowledge.documents(name, { limit: 200, after });
  }
}

function content(bytes: Uint8Array): { text: string } | { base64: string } {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { base64: Buffer.from(bytes).toString("base64") };
  }
}

/**
 * Adds every document to `name`, or to a new knowledge with the name in the header. A document of the same title is
 * replaced; others stay. Rejects with `bad_request` and the line number; the documents before that line are added.
 */
export async function importKnowledge(
  knowledge: Knowledge,
  lines: AsyncIterable<string> | Iterable<string>,
  name?: string,
): Promise<{ name: string; documents: KnowledgeDocument[]; tasks: string[] }> {
  let target: string | undefined;
  const added: { document: KnowledgeDocument; task: string }[] = [];
  let number = 0;
  for await (const line of lines) {
    number++;
    if (line.trim() === "") continue;
    if (target === undefined) {
      const head = parsed(Head, line, number, `it must begin with {"format":"${FORMAT}"`);
      target = name ?? head.name;
      if (!(await knowledge.cards()).some((card) => card.name === target)) await knowledge.create({ name: target });
      continue;
    }
    const { title, mediaType, text, base64 } = parsed(
      Line,
      line,
      number,
      "a document needs a title and text or base64",
    );
    const bytes = text === undefined ? Buffer.from(base64 ?? "", "base64") : new TextEncoder().encode(text);
    added.push(await knowledge.add(target, { title, mediaType, bytes }));
  }
  if (target === undefined)
    throw new PatchbayError("bad_request", `The file is empty: line 1 must be {"format":"${FORMAT}",…}.`);
  return { name: target, documents: added.map(({ document }) => document), tasks: added.map(({ task }) => task) };
}

function parsed<T>(schema: z.ZodType<T>, line: string, number: number, hint: string): T {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    value = undefined;
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new PatchbayError("bad_request", `Line ${number} is not a part of exported knowledge: ${hint}.`);
}

/** Knowledge, its documents and search results. */
import { z } from "zod";

export const KnowledgeCard = z.object({
  name: z.string(),
  aliases: z.array(z.string()).optional().describe("Earlier names. Agents that use one still find it."),
  embedder: z.string().optional().describe("provider/model. Absent: text search only."),
  documents: z.number().int(),
  chunks: z.number().int(),
  bytes: z.number().int(),
  updatedAt: z.number().describe("Unix milliseconds."),
});
export type KnowledgeCard = z.infer<typeof KnowledgeCard>;

export const KnowledgeDocument = z.object({
  id: z.string(),
  title: z.string(),
  mediaType: z.string(),
  bytes: z.number().int(),
  chunks: z.number().int(),
  status: z.enum(["queued", "indexing", "ready", "failed"]),
  error: z.string().optional().describe("Why indexing failed. On a ready document: a warning."),
  updatedAt: z.number(),
});
export type KnowledgeDocument = z.infer<typeof KnowledgeDocument>;

/** `text` is limited to 1 MiB. */
export const DocumentText = KnowledgeDocument.extend({ text: z.string(), truncated: z.boolean().optional() });
export type DocumentText = z.infer<typeof DocumentText>;

/** Added documents, each with its indexing task, and refused files. */
export const AddedDocuments = z.object({
  documents: z.array(KnowledgeDocument.extend({ task: z.string().describe("The task that indexes it.") })),
  refused: z.array(z.object({ title: z.string(), error: z.object({ code: z.string(), message: z.string() }) })),
});
export type AddedDocuments = z.infer<typeof AddedDocuments>;

/** A passage in a search result. */
export const SearchHit = z.object({
  document: z.string().describe("Id of the document."),
  title: z.string(),
  text: z.string(),
  score: z.number().describe("0 to 1; comparable within one response."),
  ranks: z.record(z.string(), z.number()).optional().describe("Rank in each search (text, vector)."),
  source: z
    .object({ heading: z.string().optional(), page: z.number().optional(), line: z.number().optional() })
    .optional(),
});
export type SearchHit = z.infer<typeof SearchHit>;

/** Knowledge: its documents, search, export and import. */
import { Hono } from "hono";
import { stream } from "hono/streaming";
import { z } from "zod";
import { PatchbayError } from "../../runtime/error.ts";
import { AddedDocuments, DocumentText, KnowledgeCard, KnowledgeDocument, SearchHit } from "../contract/knowledge.ts";
import { body, describe, Paging, query } from "../http/describe.ts";
import type { AppEnv } from "../http/guard.ts";
import { LIMITS, readJson } from "../http/intake.ts";
import { uploads } from "../http/uploads.ts";
import { exportKnowledge, importKnowledge } from "../knowledge/bundle.ts";
import type { Knowledge } from "../knowledge/service.ts";
import { notFound } from "../lib/not-found.ts";
import type { Services } from "../services.ts";

const MAX_SHOWN = 1024 * 1024;

const TaskId = z.object({ task: z.string() });

const NewDocument = z.union([
  z.strictObject({ text: z.string().min(1), title: z.string().min(1).max(300) }),
  z.strictObject({ url: z.url({ protocol: /^https?$/ }).max(4000) }),
]);
const Search = z.object({
  q: z.string().max(10_000).describe("Search query."),
  limit: z.coerce.number().int().min(1).max(50).default(5),
  mode: z.enum(["auto", "hybrid", "vector", "text"]).default("auto"),
  minScore: z.coerce.number().min(0).max(1).optional(),
});
const Embedder = z.strictObject({
  embedder: z
    .string()
    .regex(/^[^/]+\/.+$/, 'Must be "provider/model".')
    .nullable()
    .optional(),
});

const notFoundError = { 422: "Knowledge not found." };

export function knowledgeRoutes({ knowledge }: Pick<Services, "knowledge">) {
  return new Hono<AppEnv>()
    .get(
      "/",
      describe({
        summary: "List knowledge",
        tag: "knowledge",
        response: z.object({ knowledge: z.array(KnowledgeCard) }),
      }),
      async (c) => c.json({ knowledge: await knowledge.cards() }),
    )
    .post(
      "/",
      describe({
        summary: "Create knowledge",
        tag: "knowledge",
        description: "`embedder` defaults to the configured embedding model, if any.",
        response: KnowledgeCard,
        status: 201,
        errors: { 409: "The name is in use." },
      }),
      body(z.strictObject({ name: z.string(), embedder: z.string().max(200).optional() })),
      async (c) => c.json(await knowledge.create(c.req.valid("json")), 201),
    )
    .post(
      "/import",
      describe({
        summary: "Import documents from a knowledge export",
        tag: "knowledge",
        body: {
          media: "multipart/form-data",
          description: "`file`: the exported file. `name`: knowledge to import into, instead of the exported name.",
        },
        response: z.object({ name: z.string(), documents: z.number().int(), tasks: z.array(z.string()) }),
        status: 202,
      }),
      async (c) => {
        const { files, fields } = await uploads(c);
        const lines = new TextDecoder().decode(files[0]!.bytes).split("\n");
        const { name, documents, tasks } = await importKnowledge(knowledge, lines, fields.name || undefined);
        return c.json({ name, documents: documents.length, tasks }, 202);
      },
    )
    .get(
      "/:name",
      describe({
        summary: "Get knowledge",
        tag: "knowledge",
        response: KnowledgeCard,
        errors: { 404: "Not found." },
      }),
      async (c) => c.json(await card(knowledge, c.req.param("name"))),
    )
    .patch(
      "/:name",
      describe({
        summary: "Change the embedding model and rebuild the index",
        tag: "knowledge",
        description: "Searches use the old index until the new one is complete. `null` removes the embedding model.",
        response: TaskId,
        status: 202,
        errors: notFoundError,
      }),
      body(Embedder),
      async (c) => c.json({ task: (await knowledge.reindex(c.req.param("name"), c.req.valid("json"))).id }, 202),
    )
    .delete(
      "/:name",
      describe({
        summary: "Delete knowledge with its documents",
        tag: "knowledge",
        response: null,
        status: 204,
        errors: { 404: "Not found." },
      }),
      async (c) => {
        if (!(await knowledge.delete(c.req.param("name")))) throw notFound("knowledge", c.req.param("name"));
        return c.body(null, 204);
      },
    )
    .post(
      "/:name/rename",
      describe({
        summary: "Rename knowledge",
        tag: "knowledge",
        description: "Agents and published versions that use the old name still find it.",
        response: KnowledgeCard,
        errors: { ...notFoundError, 409: "The name is in use, or the index is being rebuilt." },
      }),
      body(z.strictObject({ name: z.string() })),
      async (c) => c.json(await knowledge.rename(c.req.param("name"), c.req.valid("json").name)),
    )
    .post(
      "/:name/reindex",
      describe({
        summary: "Rebuild the index",
        tag: "knowledge",
        response: TaskId,
        status: 202,
        errors: notFoundError,
      }),
      body(Embedder),
      async (c) => c.json({ task: (await knowledge.reindex(c.req.param("name"), c.req.valid("json"))).id }, 202),
    )
    .get(
      "/:name/export",
      describe({
        summary: "Export knowledge as JSON Lines",
        tag: "knowledge",
        response: "application/jsonl",
        errors: notFoundError,
      }),
      async (c) => {
        const { name } = await card(knowledge, c.req.param("name"));
        c.header("content-type", "application/jsonl; charset=utf-8");
        c.header("content-disposition", `attachment; filename*=UTF-8''${encodeURIComponent(name)}.knowledge.jsonl`);
        return stream(c, async (out) => {
          for await (const line of exportKnowledge(knowledge, name)) await out.write(line);
        });
      },
    )
    .get(
      "/:name/search",
      describe({
        summary: "Search knowledge",
        tag: "knowledge",
        response: z.object({ hits: z.array(SearchHit) }),
        errors: notFoundError,
      }),
      query(Search),
      async (c) => {
        const { q, ...options } = c.req.valid("query");
        const documents = await knowledge.search(c.req.param("name"), q, options, c.req.raw.signal);
        const hits = documents.map(({ id, ...hit }) => ({ document: id.slice(0, id.lastIndexOf(":")), ...hit }));
        return c.json({ hits });
      },
    )
    .get(
      "/:name/documents",
      describe({
        summary: "List documents",
        tag: "knowledge",
        response: z.object({ documents: z.array(KnowledgeDocument) }),
        errors: notFoundError,
      }),
      query(Paging),
      async (c) => c.json({ documents: await knowledge.documents(c.req.param("name"), c.req.valid("query")) }),
    )
    .post(
      "/:name/documents",
      describe({
        summary: "Add documents: files, text, or a URL",
        tag: "knowledge",
        description:
          "Multipart files of up to 100 MiB each, or JSON `{ text, title }` or `{ url }`. A document with the same title is replaced; identical content changes nothing. Files that cannot be read are listed in `refused`; the others are added.",
        body: { media: "multipart/form-data", description: "Any number of files." },
        response: AddedDocuments,
        status: 202,
        errors: { ...notFoundError, 413: "A file is too large.", 415: "The file type is not supported." },
      }),
      async (c) => {
        const name = c.req.param("name");
        if (!c.req.header("content-type")?.startsWith("multipart/")) {
          const parsed = NewDocument.safeParse(await readJson(c, LIMITS.upload));
          if (!parsed.success)
            throw new PatchbayError(
              "bad_request",
              "Send { text, title }, { url } with an http(s) URL, or files as multipart/form-data.",
            );
          const { document, task } = await knowledge.add(name, parsed.data);
          return c.json({ documents: [{ ...document, task }], refused: [] }, 202);
        }
        const { files } = await uploads(c);
        const documents: AddedDocuments["documents"] = [];
        const refused: AddedDocuments["refused"] = [];
        for (const { name: title, mediaType, bytes } of files)
          try {
            const { document, task } = await knowledge.add(name, { title, mediaType, bytes });
            documents.push({ ...document, task });
          } catch (thrown) {
            if (!(thrown instanceof PatchbayError) || thrown.code === "knowledge_missing" || files.length === 1)
              throw thrown;
            refused.push({ title, error: { code: thrown.code, message: thrown.message } });
          }
        return c.json({ documents, refused }, 202);
      },
    )
    .get(
      "/:name/documents/:id",
      describe({
        summary: "Get a document with its text",
        tag: "knowledge",
        description: "`text` is limited to 1 MiB.",
        response: DocumentText,
        errors: { 404: "Not found." },
      }),
      async (c) => {
        const { text, ...document } = await knowledge.document(c.req.param("name"), c.req.param("id"));
        return c.json({
          ...document,
          text: text.slice(0, MAX_SHOWN),
          ...(text.length > MAX_SHOWN && { truncated: true }),
        });
      },
    )
    .delete(
      "/:name/documents/:id",
      describe({
        summary: "Remove a document",
        tag: "knowledge",
        response: null,
        status: 204,
        errors: { 404: "Not found." },
      }),
      async (c) => {
        const { name, id } = c.req.param();
        if (!(await knowledge.removeDocument(name, id)))
          throw new PatchbayError("not_found", `Knowledge "${name}" has no document "${id}".`);
        return c.body(null, 204);
      },
    );
}

async function card(knowledge: Knowledge, name: string) {
  const found = (await knowledge.cards()).find((one) => one.name === name || one.aliases?.includes(name));
  if (!found) throw notFound("knowledge", name);
  return found;
}

/**
 * Knowledge: searchable sets of documents. Records describe them, the file store keeps the original bytes, tasks index
 * them, and each knowledge has one LanceDB table. Everything but the records and the bytes can be rebuilt.
 */
import { createHash } from "node:crypto";
import { PatchbayError } from "../../runtime/error.ts";
import type { Document } from "../../runtime/message.ts";
import type { KnowledgeCard, KnowledgeDocument } from "../contract/knowledge.ts";
import type { Task } from "../contract/task.ts";
import { newId } from "../lib/ids.ts";
import type { WorkerLimits } from "../lib/run-in-worker.ts";
import type { Models } from "../models/service.ts";
import type { S3Location } from "../process/s3-location.ts";
import type { Files } from "../stores/files.ts";
import type { Records } from "../stores/records.ts";
import type { Tasks } from "../tasks/service.ts";
import {
  checkedName,
  type DocumentRecord,
  type Download,
  documentId,
  type KnowledgeRecord,
  type NewDocument,
  readSource,
} from "./documents.ts";
import { Indexing } from "./indexing.ts";
import { PASSAGES_VERSION } from "./ingest.ts";
import { KnowledgeRecords, shown } from "./knowledge-records.ts";
import { parseDocument } from "./parsers/parse.ts";
import { PassageStore } from "./passage-store.ts";
import { indexError, type PassageTable } from "./passage-table.ts";
import { Searcher, type SearchOptions, untilAborted } from "./search.ts";
import type { Knowledge } from "./service.ts";

const MAX_LIMIT = 200;

export interface KnowledgeParts {
  records: Records;
  files: Files;
  tasks: Tasks;
  models: Pick<Models, "embed" | "embedder">;
  fetch: Download;
  /** Location of the index: see `PassageStore`. */
  vectors: string | S3Location;
  /** Logs a line. */
  report?(message: string): void;
  /** Of reading one document. */
  limits?: WorkerLimits;
}

export interface KnowledgeStore extends Knowledge {
  /**
   * Call once, after `Tasks.resume`, in the process that runs tasks. Indexes documents whose task was lost, rebuilds an
   * index that is missing, damaged or of an older version, and drops unused tables.
   */
  recover(): Promise<void>;
  /** Finishes pending writes and closes the index. */
  close(): Promise<void>;
}

export function createKnowledge(parts: KnowledgeParts): KnowledgeStore {
  return new LanceKnowledge(parts);
}

class LanceKnowledge implements KnowledgeStore {
  readonly #parts: KnowledgeParts;
  readonly #store: PassageStore;
  readonly #searcher: Searcher;
  readonly #stored: KnowledgeRecords;
  readonly #indexing: Indexing;

  constructor(parts: KnowledgeParts) {
    this.#parts = parts;
    this.#store = new PassageStore(parts.vectors);
    this.#searcher = new Searcher(parts.models, parts.report ?? (() => undefined));
    this.#stored = new KnowledgeRecords(parts.records);
    this.#indexing = new Indexing({ ...parts, records: this.#stored, store: this.#store });
  }

  async cards(): Promise<KnowledgeCard[]> {
    const all = await this.#stored.all();
    return await Promise.all(all.map((stored) => this.#stored.card(stored)));
  }

  async create(knowledge: { name: string; embedder?: string }): Promise<KnowledgeCard> {
    const name = checkedName(knowledge.name);
    const earlier = await this.#stored.find(name);
    if (earlier && earlier.id !== name)
      throw new PatchbayError(
        "conflict",
        `"${name}" is an earlier name of "${earlier.id}", which agents may still use. Choose another name.`,
        { path: "/name" },
      );
    const uid = newId();
    const embedder = knowledge.embedder || (await this.#parts.models.embedder());
    const body: KnowledgeRecord = { uid, table: `k_${uid}`, passages: PASSAGES_VERSION, ...(embedder && { embedder }) };
    return await this.#stored.card(await this.#stored.put(name, body, 0));
  }

  async rename(name: string, next: string): Promise<KnowledgeCard> {
    const stored = await this.#stored.need(name);
    const wanted = checkedName(next);
    if (wanted === stored.id) return await this.#stored.card(stored);
    if (await this.#indexing.reindexing(stored.id))
      throw new PatchbayError("conflict", `The index of "${stored.id}" is being rebuilt. Rename it when that is done.`);
    return await this.#stored.card(await this.#stored.rename(stored, wanted));
  }

  async delete(name: string): Promise<boolean> {
    const stored = await this.#stored.find(name);
    if (!stored || !(await this.#stored.delete(stored.id))) return false;
    for await (const { id } of this.#stored.each(stored.body.uid)) await this.#forget(id);
    await this.#store.drop(stored.body.table);
    return true;
  }

  async add(
    name: string,
    source: Parameters<Knowledge["add"]>[1],
  ): Promise<{ document: KnowledgeDocument; task: string }> {
    const { id: knowledge, body } = await this.#stored.need(name);
    const document = await readSource(source, this.#parts.fetch);
    const id = documentId(body.uid, document.identity);
    return await this.#indexing.turns.run(id, () => this.#put({ knowledge, uid: body.uid, document: id }, document));
  }

  async documents(name: string, options: { after?: string; limit?: number } = {}): Promise<KnowledgeDocument[]> {
    const { body } = await this.#stored.need(name);
    const page = await this.#stored.page(body.uid, options);
    return page.map(shown);
  }

  async document(name: string, id: string): Promise<KnowledgeDocument & { text: string }> {
    const stored = await this.#stored.needDocument(name, id);
    const { title, mediaType, file, status } = stored.body;
    // What failed has its reason and no text; to parse it again would fail again.
    if (status === "failed") return { ...shown(stored), text: "" };
    const { bytes } = await this.#parts.files.get(file);
    const parsed = await parseDocument({ title, mediaType, bytes, cut: false }, undefined, this.#parts.limits);
    return { ...shown(stored), text: parsed.text };
  }

  async source(name: string, id: string): Promise<{ title: string; mediaType: string; bytes: Uint8Array }> {
    const { body } = await this.#stored.needDocument(name, id);
    return { title: body.title, mediaType: body.mediaType, bytes: (await this.#parts.files.get(body.file)).bytes };
  }

  async removeDocument(name: string, id: string): Promise<boolean> {
    const { body } = await this.#stored.need(name);
    const stored = await this.#stored.document(id);
    if (stored?.parent !== body.uid) return false;
    const table = await this.#store.table(body.table);
    await this.#forget(id, table);
    return true;
  }

  async search(name: string, query: string, options: SearchOptions, signal: AbortSignal): Promise<Document[]> {
    signal.throwIfAborted();
    const { body } = await this.#stored.need(name);
    const limit = Math.min(Math.max(1, Math.floor(options.limit)), MAX_LIMIT);
    const ask = async ({ table, embedder }: KnowledgeRecord) =>
      await this.#searcher.search(await this.#store.table(table), query, { ...options, limit }, embedder, signal);
    const work = async () => {
      try {
        return await ask(body);
      } catch (error) {
        // A re-index may have dropped the table during the search.
        const now = await this.#stored.need(name);
        if (now.body.table !== body.table) return await ask(now.body);
        throw indexError(error);
      }
    };
    return await untilAborted(work(), signal);
  }

  async reindex(name: string, options: { embedder?: string | null } = {}): Promise<Task> {
    const { id: knowledge, body } = await this.#stored.need(name);
    return await this.#indexing.reindex({ knowledge, uid: body.uid, ...options });
  }

  async recover(): Promise<void> {
    const stored = await this.#stored.all();
    if (stored.length === 0) return;
    // The process ended while it renamed one: the old record is left.
    const left = stored.filter(({ id, body }) =>
      stored.some((one) => one.body.uid === body.uid && one.body.aliases?.includes(id)),
    );
    for (const { id } of left) await this.#stored.delete(id);
    const all = stored.filter((one) => !left.includes(one));
    const there = new Set(await this.#store.names());
    const used = new Set<string>();
    for (const { id: knowledge, body } of all) {
      used.add(body.table);
      let documents = 0;
      for await (const { id, body: document } of this.#stored.each(body.uid)) {
        documents++;
        if (document.status === "ready" || document.status === "failed") continue;
        if (await this.#indexing.open(document.task)) continue;
        await this.#indexing.index({ knowledge, uid: body.uid, document: id, sha256: document.sha256 }, document.title);
      }
      const whole = documents === 0 || (there.has(body.table) && (await this.#store.readable(body.table)));
      if ((!whole || body.passages !== PASSAGES_VERSION) && !(await this.#indexing.reindexing(knowledge)))
        await this.reindex(knowledge);
    }
    for (const name of there)
      if (name.startsWith("k_") && !used.has(name) && !(await this.#indexing.reindexing()))
        await this.#store.drop(name);
  }

  async close(): Promise<void> {
    await this.#indexing.turns.idle();
    await this.#store.close();
  }

  async #put(
    target: { knowledge: string; uid: string; document: string },
    { title, mediaType, bytes }: NewDocument,
  ): Promise<{ document: KnowledgeDocument; task: string }> {
    const { files } = this.#parts;
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const before = await this.#stored.document(target.document);
    if (before?.body.sha256 === sha256 && before.body.mediaType === mediaType)
      if ((before.body.status === "ready" && !before.body.error) || (await this.#indexing.open(before.body.task)))
        return { document: shown(before), task: before.body.task };
    const { id: file } = await files.put({ name: title, mediaType, bytes });
    const body: DocumentRecord = {
      title,
      mediaType,
      bytes: bytes.byteLength,
      chunks: before?.body.chunks ?? 0,
      status: "queued",
      sha256,
      file,
      task: "",
    };
    await this.#stored.putDocument(target.document, target.uid, body);
    if (before) await files.delete(before.body.file);
    const stored = await this.#indexing.index({ ...target, sha256 }, title);
    return { document: shown(stored), task: stored.body.task };
  }

  async #forget(id: string, table?: PassageTable): Promise<void> {
    await this.#indexing.turns.run(id, async () => {
      const stored = await this.#stored.document(id);
      if (!stored) return;
      await table?.remove(id);
      await this.#stored.deleteDocument(id);
      await this.#parts.files.delete(stored.body.file);
    });
  }
}

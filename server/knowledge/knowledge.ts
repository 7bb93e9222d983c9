/**
 * Knowledge: searchable sets of documents. Records say what there is, the file store keeps the bytes as they came,
 * tasks index them, one LanceDB table a knowledge answers. Everything but the records and the bytes can be made again.
 */
import { createHash } from "node:crypto";
import { errorData, PatchbayError } from "../../runtime/error.ts";
import type { Document } from "../../runtime/message.ts";
import { newId } from "../ids.ts";
import type {
  Files,
  Knowledge,
  KnowledgeCard,
  KnowledgeDocument,
  Models,
  Records,
  SafeFetch,
  Stored,
  Task,
  Tasks,
} from "../services.ts";
import { Turns } from "../turns.ts";
import {
  checkedName,
  DOCUMENT,
  type DocumentRecord,
  documentId,
  eachDocument,
  KNOWLEDGE,
  type KnowledgeRecord,
  type NewDocument,
  readSource,
} from "./documents.ts";
import { ingest, PASSAGES_VERSION } from "./ingest.ts";
import { parserFor } from "./parsers/index.ts";
import { PassageStore, type PassageTable } from "./passage-index.ts";
import { Searcher, type SearchOptions, untilAborted } from "./search.ts";

const INDEX = "knowledge-index";
const REINDEX = "knowledge-reindex";
const MAX_LIMIT = 200;
/** Counts may be so old, where another process changed something. */
const COUNTS_MS = 2_000;

interface IndexInput {
  knowledge: string;
  uid: string;
  document: string;
  sha256: string;
}
interface ReindexInput {
  knowledge: string;
  uid: string;
  /** `null`: from now on without. */
  embedder?: string | null;
}

export interface KnowledgeParts {
  records: Records;
  files: Files;
  tasks: Tasks;
  models: Pick<Models, "embed" | "embedder">;
  fetch: SafeFetch;
  /** An absolute folder or the address of an object store (`PATCHBAY_VECTORS`). */
  vectors: string;
  /** Takes lines for the server's own log. */
  report?(message: string): void;
}

export interface KnowledgeStore extends Knowledge {
  /**
   * For the one process that runs tasks, once, after `Tasks.resume`: takes up documents whose task was lost and drops
   * tables that belong to nothing.
   */
  recover(): Promise<void>;
  /** Ends what is being written and closes the index. */
  close(): Promise<void>;
}

export function createKnowledge(parts: KnowledgeParts): KnowledgeStore {
  return new LanceKnowledge(parts);
}

class LanceKnowledge implements KnowledgeStore {
  readonly #parts: KnowledgeParts;
  readonly #store: PassageStore;
  readonly #searcher: Searcher;
  /** By uid; counting the documents of a large knowledge at every check of a graph would be slow. */
  readonly #counts = new Map<string, { at: number; card: KnowledgeCard }>();
  /** By document: a check that it is still wanted and the write that goes by it are one piece. */
  readonly #turns = new Turns();

  constructor(parts: KnowledgeParts) {
    this.#parts = parts;
    this.#store = new PassageStore(parts.vectors);
    this.#searcher = new Searcher(parts.models, parts.report ?? (() => undefined));
    parts.tasks.handle<IndexInput>(INDEX, (input, context) => this.#index(input, context));
    parts.tasks.handle<ReindexInput>(REINDEX, (input, context) => this.#reindex(input, context));
  }

  async cards(): Promise<KnowledgeCard[]> {
    const all = await this.#parts.records.list<KnowledgeRecord>(KNOWLEDGE);
    return await Promise.all(all.map((stored) => this.#card(stored)));
  }

  async create(knowledge: { name: string; embedder?: string }): Promise<KnowledgeCard> {
    const name = checkedName(knowledge.name);
    const uid = newId();
    const embedder = knowledge.embedder || this.#parts.models.embedder();
    const body: KnowledgeRecord = { uid, table: `k_${uid}`, passages: PASSAGES_VERSION, ...(embedder && { embedder }) };
    return await this.#card(await this.#parts.records.put(KNOWLEDGE, name, body, { revision: 0 }));
  }

  async delete(name: string): Promise<boolean> {
    const stored = await this.#find(name);
    if (!stored || !(await this.#parts.records.delete(KNOWLEDGE, stored.id))) return false;
    for await (const { id } of eachDocument(this.#parts.records, stored.body.uid)) await this.#forget(id);
    await this.#store.drop(stored.body.table);
    return true;
  }

  async add(
    name: string,
    source: Parameters<Knowledge["add"]>[1],
  ): Promise<{ document: KnowledgeDocument; task: string }> {
    const { id: knowledge, body } = await this.#need(name);
    const document = await readSource(source, this.#parts.fetch);
    const id = documentId(body.uid, document.identity);
    return await this.#turns.take(id, () => this.#put({ knowledge, uid: body.uid, document: id }, document));
  }

  async documents(name: string, options: { after?: string; limit?: number } = {}): Promise<KnowledgeDocument[]> {
    const { body } = await this.#need(name);
    const page = await this.#parts.records.list<DocumentRecord>(DOCUMENT, { ...options, parent: body.uid });
    return page.map(shown);
  }

  async document(name: string, id: string): Promise<KnowledgeDocument & { text: string }> {
    const stored = await this.#needDocument(name, id);
    const { title, mediaType, file } = stored.body;
    const { bytes } = await this.#parts.files.get(file);
    return { ...shown(stored), text: parserFor(title, mediaType).parse(bytes, title).text };
  }

  async source(name: string, id: string): Promise<{ title: string; mediaType: string; bytes: Uint8Array }> {
    const { body } = await this.#needDocument(name, id);
    return { title: body.title, mediaType: body.mediaType, bytes: (await this.#parts.files.get(body.file)).bytes };
  }

  async removeDocument(name: string, id: string): Promise<boolean> {
    const { body } = await this.#need(name);
    const stored = await this.#parts.records.get<DocumentRecord>(DOCUMENT, id);
    if (stored?.parent !== body.uid) return false;
    const table = await this.#store.table(body.table);
    await this.#forget(id, table);
    return true;
  }

  async search(name: string, query: string, options: SearchOptions, signal: AbortSignal): Promise<Document[]> {
    signal.throwIfAborted();
    const { body } = await this.#need(name);
    const limit = Math.min(Math.max(1, Math.floor(options.limit)), MAX_LIMIT);
    const ask = async ({ table, embedder }: KnowledgeRecord) =>
      await this.#searcher.search(await this.#store.table(table), query, { ...options, limit }, embedder, signal);
    const work = async () => {
      try {
        return await ask(body);
      } catch (error) {
        // A reindex may have taken the table away while it was read.
        const now = await this.#need(name);
        if (now.body.table === body.table) throw error;
        return await ask(now.body);
      }
    };
    return await untilAborted(work(), signal);
  }

  async reindex(name: string, options: { embedder?: string | null } = {}): Promise<Task> {
    const { id: knowledge, body } = await this.#need(name);
    const input: ReindexInput = { knowledge, uid: body.uid, ...options };
    return await this.#parts.tasks.start(REINDEX, input, { title: `Reindex ${knowledge}` });
  }

  async recover(): Promise<void> {
    const used = new Set<string>();
    for (const { id: knowledge, body } of await this.#parts.records.list<KnowledgeRecord>(KNOWLEDGE)) {
      used.add(body.table);
      if (body.passages !== PASSAGES_VERSION && !(await this.#reindexing())) await this.reindex(knowledge);
      for await (const { id, body: document } of eachDocument(this.#parts.records, body.uid)) {
        if (document.status === "ready" || document.status === "failed" || (await this.#open(document.task))) continue;
        await this.#start({ knowledge, uid: body.uid, document: id, sha256: document.sha256 }, document.title);
      }
    }
    for (const name of await this.#store.names())
      if (name.startsWith("k_") && !used.has(name) && !(await this.#reindexing())) await this.#store.drop(name);
  }

  async close(): Promise<void> {
    await this.#turns.idle();
    await this.#store.close();
  }

  /* ---- the work of tasks ---- */

  async #index(
    input: IndexInput,
    { signal, progress }: Parameters<Parameters<Tasks["handle"]>[1]>[1],
  ): Promise<{ chunks: number } | { superseded: true }> {
    const ifWanted = (work: () => Promise<unknown>) =>
      this.#turns.take(input.document, async () => {
        if (!(await this.#wanted(input))) throw new Superseded();
        await work();
      });
    try {
      await ifWanted(() => this.#change(input.document, { status: "indexing" }));
      while (true) {
        const { body } = await this.#need(input.knowledge);
        const stored = await this.#wanted(input);
        if (!stored) throw new Superseded();
        // A reindex may have put another table in the place of the one that was written to: then once more.
        const moved = async () => (await this.#find(input.knowledge))?.body.table !== body.table;
        try {
          const { bytes } = await this.#parts.files.get(stored.file);
          const table = await this.#store.table(body.table);
          const { chunks, warning } = await ingest({ id: input.document, ...stored, bytes }, table, {
            models: this.#parts.models,
            embedder: body.embedder,
            signal,
            progress: (done, total) => progress({ done, total, unit: "characters" }),
            write: ifWanted,
          });
          let done = false;
          await ifWanted(async () => {
            if (await moved()) return;
            await this.#change(input.document, { status: "ready", chunks, error: warning });
            done = true;
          });
          if (done) return { chunks };
        } catch (thrown) {
          if (signal.aborted || thrown instanceof Superseded || !(await moved())) throw thrown;
        }
      }
    } catch (thrown) {
      if (thrown instanceof Superseded) return { superseded: true };
      const { code, message } = errorData(signal.aborted ? signal.reason : thrown);
      // Stopped with the process, it begins again; everything else is told on the document.
      if (code !== "unavailable" || !signal.aborted)
        await ifWanted(() => this.#change(input.document, { status: "failed", error: message })).catch(
          ignoreSuperseded,
        );
      throw thrown;
    }
  }

  /**
   * A new table is filled beside the one that answers, which it then replaces; what was indexed into the old one in the
   * meantime is indexed again.
   */
  async #reindex(
    input: ReindexInput,
    { signal, progress }: Parameters<Parameters<Tasks["handle"]>[1]>[1],
  ): Promise<{ documents: number; chunks: number }> {
    const { body: before, revision } = await this.#need(input.knowledge);
    if (before.uid !== input.uid) return { documents: 0, chunks: 0 };
    const embedder = input.embedder === undefined ? before.embedder : (input.embedder ?? undefined);
    const name = `k_${newId()}`;
    const table = await this.#store.table(name);
    const done = new Map<string, { sha256: string; chunks: number; warning?: string }>();
    try {
      const all = await this.#documents(input.uid);
      for (const { id, body } of all) {
        signal.throwIfAborted();
        done.set(id, { sha256: body.sha256, ...(await this.#refill(id, body, table, embedder, signal)) });
        progress({ done: done.size, total: all.length, unit: "documents" });
      }
      await table.optimize();
      const body: KnowledgeRecord = {
        uid: before.uid,
        table: name,
        passages: PASSAGES_VERSION,
        ...(embedder && { embedder }),
      };
      await this.#parts.records.put(KNOWLEDGE, input.knowledge, body, { revision });
      this.#counts.clear();
    } catch (thrown) {
      await this.#store.drop(name);
      throw thrown;
    }
    const now = await this.#documents(input.uid);
    for (const { id, body } of now) {
      const filled = done.get(id);
      if (filled?.sha256 !== body.sha256) {
        if (await this.#open(body.task)) continue;
        await this.#start(
          { knowledge: input.knowledge, uid: input.uid, document: id, sha256: body.sha256 },
          body.title,
        );
      } else if (body.status === "ready")
        await this.#change(id, { status: "ready", chunks: filled.chunks, error: filled.warning }).catch(
          ignoreSuperseded,
        );
    }
    const there = new Set(now.map(({ id }) => id));
    for (const id of done.keys()) if (!there.has(id)) await table.remove(id);
    await this.#store.drop(before.table);
    return { documents: done.size, chunks: [...done.values()].reduce((sum, { chunks }) => sum + chunks, 0) };
  }

  /** One document into a new table. One that cannot be read any more is left out: it keeps its own error. */
  async #refill(
    id: string,
    body: DocumentRecord,
    table: PassageTable,
    embedder: string | undefined,
    signal: AbortSignal,
  ) {
    try {
      const { bytes } = await this.#parts.files.get(body.file);
      return await ingest({ id, ...body, bytes }, table, {
        models: this.#parts.models,
        embedder,
        signal,
        progress: () => undefined,
        write: (work) => work(),
      });
    } catch (thrown) {
      signal.throwIfAborted();
      const { code, message } = errorData(thrown);
      if (code === "unavailable" || code === "storage_full" || code === "internal") throw thrown;
      await this.#change(id, { status: "failed", error: message }).catch(ignoreSuperseded);
      return { chunks: 0 };
    }
  }

  /* ---- records ---- */

  async #put(
    target: { knowledge: string; uid: string; document: string },
    { title, mediaType, bytes }: NewDocument,
  ): Promise<{ document: KnowledgeDocument; task: string }> {
    const { records, files } = this.#parts;
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const before = await records.get<DocumentRecord>(DOCUMENT, target.document);
    if (before?.body.sha256 === sha256 && before.body.mediaType === mediaType)
      if ((before.body.status === "ready" && !before.body.error) || (await this.#open(before.body.task)))
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
    await records.put(DOCUMENT, target.document, body, { parent: target.uid });
    if (before) await files.delete(before.body.file);
    const stored = await this.#start({ ...target, sha256 }, title);
    return { document: shown(stored), task: stored.body.task };
  }

  async #start(input: IndexInput, title: string): Promise<Stored<DocumentRecord>> {
    const task = await this.#parts.tasks.start(INDEX, input, { title: `Index ${title}` });
    return await this.#change(input.document, { task: task.id });
  }

  async #documents(uid: string): Promise<Stored<DocumentRecord>[]> {
    const all: Stored<DocumentRecord>[] = [];
    for await (const stored of eachDocument(this.#parts.records, uid)) all.push(stored);
    return all;
  }

  async #change(id: string, change: Partial<DocumentRecord>): Promise<Stored<DocumentRecord>> {
    while (true) {
      const stored = await this.#parts.records.get<DocumentRecord>(DOCUMENT, id);
      if (!stored) throw new Superseded();
      const { error: _error, ...rest } = stored.body;
      const kept = "status" in change ? rest : stored.body;
      try {
        const revision = stored.revision;
        const changed = await this.#parts.records.put(DOCUMENT, id, { ...kept, ...change }, { revision });
        this.#counts.clear();
        return changed;
      } catch (error) {
        if (!(error instanceof PatchbayError && error.code === "conflict")) throw error;
      }
    }
  }

  /** The document as its task was asked to index it, unless it was removed or replaced since. */
  async #wanted(input: IndexInput): Promise<DocumentRecord | undefined> {
    const knowledge = await this.#parts.records.get<KnowledgeRecord>(KNOWLEDGE, input.knowledge);
    const document = await this.#parts.records.get<DocumentRecord>(DOCUMENT, input.document);
    const same = knowledge?.body.uid === input.uid && document?.body.sha256 === input.sha256;
    return same ? document?.body : undefined;
  }

  async #forget(id: string, table?: PassageTable): Promise<void> {
    await this.#turns.take(id, async () => {
      const stored = await this.#parts.records.get<DocumentRecord>(DOCUMENT, id);
      if (!stored) return;
      await table?.remove(id);
      await this.#parts.records.delete(DOCUMENT, id);
      this.#counts.clear();
      await this.#parts.files.delete(stored.body.file);
    });
  }

  async #open(task: string): Promise<boolean> {
    const found = await this.#parts.tasks.get(task);
    return found?.status === "queued" || found?.status === "running";
  }

  async #reindexing(): Promise<boolean> {
    const recent = await this.#parts.tasks.list({ limit: 500 });
    return recent.some((task) => task.kind === REINDEX && (task.status === "queued" || task.status === "running"));
  }

  async #find(name: string): Promise<Stored<KnowledgeRecord> | undefined> {
    return await this.#parts.records.get<KnowledgeRecord>(KNOWLEDGE, name.normalize("NFC").trim());
  }

  async #need(name: string): Promise<Stored<KnowledgeRecord>> {
    const stored = await this.#find(name);
    if (stored) return stored;
    const names = (await this.#parts.records.list(KNOWLEDGE, { limit: 20 })).map(({ id }) => `"${id}"`);
    const there = names.length > 0 ? `there is ${names.join(", ")}` : "there is none yet";
    throw new PatchbayError(
      "knowledge_missing",
      `There is no knowledge "${name.slice(0, 80)}"; ${there}. Create it and add documents.`,
    );
  }

  async #needDocument(name: string, id: string): Promise<Stored<DocumentRecord>> {
    const { id: knowledge, body } = await this.#need(name);
    const stored = await this.#parts.records.get<DocumentRecord>(DOCUMENT, id);
    if (stored && stored.parent === body.uid) return stored;
    throw new PatchbayError("not_found", `The knowledge "${knowledge}" has no document "${id.slice(0, 80)}".`);
  }

  async #card(stored: Stored<KnowledgeRecord>): Promise<KnowledgeCard> {
    const { uid, embedder } = stored.body;
    const counted = this.#counts.get(uid);
    if (counted && performance.now() - counted.at < COUNTS_MS) return counted.card;
    const card: KnowledgeCard = { name: stored.id, documents: 0, chunks: 0, bytes: 0, updatedAt: stored.updatedAt };
    if (embedder) card.embedder = embedder;
    for await (const { body, updatedAt } of eachDocument(this.#parts.records, uid)) {
      card.documents++;
      card.chunks += body.chunks;
      card.bytes += body.bytes;
      card.updatedAt = Math.max(card.updatedAt, updatedAt);
    }
    this.#counts.set(uid, { at: performance.now(), card });
    return card;
  }
}

/** The document was removed or replaced while its task ran: the task has nothing left to do. */
class Superseded extends Error {}

function ignoreSuperseded(thrown: unknown): void {
  if (!(thrown instanceof Superseded)) throw thrown;
}

function shown({ id, body, updatedAt }: Stored<DocumentRecord>): KnowledgeDocument {
  const { sha256: _sha256, file: _file, task: _task, ...document } = body;
  return { id, ...document, updatedAt };
}

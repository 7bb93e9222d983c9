/** The records of knowledge and of their documents: found, changed without losing a change, counted. */
import { PatchbayError } from "../../runtime/error.ts";
import type { KnowledgeCard, KnowledgeDocument } from "../contract/knowledge.ts";
import type { Records, Stored } from "../stores/records.ts";
import { DOCUMENT, type DocumentRecord, KNOWLEDGE, KNOWLEDGE_NAME, type KnowledgeRecord } from "./documents.ts";

/** Counts may be so old, where another process changed something. */
const COUNTS_MS = 2_000;
const PAGE = 500;

export class KnowledgeRecords {
  readonly #records: Records;
  /** By uid; counting the documents of a large knowledge at every check of a graph would be slow. */
  readonly #counts = new Map<string, { at: number; card: KnowledgeCard }>();

  /** Counts the changes by this process. */
  #changes = 0;

  constructor(records: Records) {
    this.#records = records;
  }

  #changed(): void {
    this.#changes++;
    this.#counts.clear();
  }

  async all(): Promise<Stored<KnowledgeRecord>[]> {
    return await this.#records.list<KnowledgeRecord>(KNOWLEDGE);
  }

  async find(name: string): Promise<Stored<KnowledgeRecord> | undefined> {
    const normal = name.normalize("NFC").trim();
    // No other name was ever given; some cannot even be looked up.
    if (!KNOWLEDGE_NAME.test(normal)) return undefined;
    const stored = await this.#records.get<KnowledgeRecord>(KNOWLEDGE, normal);
    return stored ?? (await this.all()).find(({ body }) => body.aliases?.includes(normal));
  }

  /** Rejects with `knowledge_missing`, naming those that are there. */
  async need(name: string): Promise<Stored<KnowledgeRecord>> {
    const stored = await this.find(name);
    if (stored) return stored;
    const names = (await this.#records.list(KNOWLEDGE, { limit: 20 })).map(({ id }) => `"${id}"`);
    const there = names.length > 0 ? `there is ${names.join(", ")}` : "there is none yet";
    throw new PatchbayError(
      "knowledge_missing",
      `There is no knowledge "${name.slice(0, 80)}"; ${there}. Create it and add documents.`,
    );
  }

  /** `revision: 0`: a new one; it rejects with `conflict` where there is one, or where it was changed since. */
  async put(name: string, body: KnowledgeRecord, revision: number): Promise<Stored<KnowledgeRecord>> {
    const stored = await this.#records.put(KNOWLEDGE, name, body, { revision });
    this.#changed();
    return stored;
  }

  /** Rejects with `conflict` where another has the name, or had it. */
  async rename(stored: Stored<KnowledgeRecord>, name: string): Promise<Stored<KnowledgeRecord>> {
    const other = await this.find(name);
    if (other && other.id !== stored.id)
      throw new PatchbayError(
        "conflict",
        other.id === name
          ? `There is already knowledge "${name}". Choose another name.`
          : `"${name}" is an earlier name of "${other.id}", which agents may still use. Choose another name.`,
        { path: "/name" },
      );
    const aliases = [...(stored.body.aliases ?? []), stored.id].filter((alias) => alias !== name);
    // The new record is written first; `recover` deletes the old one when the process ends in between.
    const renamed = await this.put(name, { ...stored.body, aliases }, 0);
    await this.#records.delete(KNOWLEDGE, stored.id);
    return renamed;
  }

  async delete(name: string): Promise<boolean> {
    return await this.#records.delete(KNOWLEDGE, name);
  }

  async document(id: string): Promise<Stored<DocumentRecord> | undefined> {
    return /^doc_[0-9a-f]+$/.test(id) ? await this.#records.get<DocumentRecord>(DOCUMENT, id) : undefined;
  }

  /** Rejects with `not_found` where the knowledge does not hold it. */
  async needDocument(name: string, id: string): Promise<Stored<DocumentRecord>> {
    const { id: knowledge, body } = await this.need(name);
    const stored = await this.document(id);
    if (stored && stored.parent === body.uid) return stored;
    throw new PatchbayError("not_found", `The knowledge "${knowledge}" has no document "${id.slice(0, 80)}".`);
  }

  async page(uid: string, options: { after?: string; limit?: number }): Promise<Stored<DocumentRecord>[]> {
    return await this.#records.list<DocumentRecord>(DOCUMENT, { ...options, parent: uid });
  }

  /** All documents of a knowledge, page by page. */
  async *each(uid: string): AsyncGenerator<Stored<DocumentRecord>> {
    let after: string | undefined;
    while (true) {
      const page = await this.page(uid, { limit: PAGE, ...(after && { after }) });
      yield* page;
      if (page.length < PAGE) return;
      after = page.at(-1)!.id;
    }
  }

  async putDocument(id: string, uid: string, body: DocumentRecord): Promise<void> {
    await this.#records.put(DOCUMENT, id, body, { parent: uid });
    this.#changed();
  }

  /** A new `status` takes the old `error` away. Rejects with `Superseded` where the document was removed. */
  async change(id: string, change: Partial<DocumentRecord>): Promise<Stored<DocumentRecord>> {
    while (true) {
      const stored = await this.document(id);
      if (!stored) throw new Superseded();
      const { error: _error, exhausted: _exhausted, ...rest } = stored.body;
      const kept = "status" in change ? rest : stored.body;
      try {
        const revision = stored.revision;
        const changed = await this.#records.put(DOCUMENT, id, { ...kept, ...change }, { revision });
        this.#changed();
        return changed;
      } catch (error) {
        if (!(error instanceof PatchbayError && error.code === "conflict")) throw error;
      }
    }
  }

  async deleteDocument(id: string): Promise<void> {
    await this.#records.delete(DOCUMENT, id);
    this.#changed();
  }

  async card(stored: Stored<KnowledgeRecord>): Promise<KnowledgeCard> {
    const { uid, embedder } = stored.body;
    const counted = this.#counts.get(uid);
    if (counted && performance.now() - counted.at < COUNTS_MS) return counted.card;
    const card: KnowledgeCard = { name: stored.id, documents: 0, chunks: 0, bytes: 0, updatedAt: stored.updatedAt };
    if (embedder) card.embedder = embedder;
    if (stored.body.aliases?.length) card.aliases = stored.body.aliases;
    const change = this.#changes;
    for await (const { body, updatedAt } of this.each(uid)) {
      card.documents++;
      card.chunks += body.chunks;
      card.bytes += body.bytes;
      card.updatedAt = Math.max(card.updatedAt, updatedAt);
    }
    // Documents that changed during the count can be counted wrong.
    if (change === this.#changes) this.#counts.set(uid, { at: performance.now(), card });
    return card;
  }
}

/** The document was removed or replaced while its task ran: the task has nothing left to do. */
export class Superseded extends Error {}

export function ignoreSuperseded(thrown: unknown): void {
  if (!(thrown instanceof Superseded)) throw thrown;
}

/** A document as it is told outside. */
export function shown({ id, body, updatedAt }: Stored<DocumentRecord>): KnowledgeDocument {
  const { sha256: _sha256, file: _file, task: _task, exhausted: _exhausted, ...document } = body;
  return { id, ...document, updatedAt };
}

/** The tasks of a knowledge: indexing one document, and rebuilding the index beside the one in use. */
import { errorData } from "../../runtime/error.ts";
import type { Task } from "../contract/task.ts";
import { newId } from "../lib/ids.ts";
import { KeyedMutex } from "../lib/keyed-mutex.ts";
import type { WorkerLimits } from "../lib/run-in-worker.ts";
import type { Models } from "../models/service.ts";
import type { Files } from "../stores/files.ts";
import type { Stored } from "../stores/records.ts";
import type { Tasks } from "../tasks/service.ts";
import type { DocumentRecord, KnowledgeRecord } from "./documents.ts";
import { ingest, PASSAGES_VERSION } from "./ingest.ts";
import { ignoreSuperseded, type KnowledgeRecords, Superseded } from "./knowledge-records.ts";
import type { PassageStore } from "./passage-store.ts";
import type { PassageTable } from "./passage-table.ts";

const INDEX = "knowledge-index";
const REINDEX = "knowledge-reindex";

export interface IndexInput {
  knowledge: string;
  uid: string;
  document: string;
  sha256: string;
}
export interface ReindexInput {
  knowledge: string;
  uid: string;
  /** `null` removes the embedder. */
  embedder?: string | null;
}

type Context = Parameters<Parameters<Tasks["handle"]>[1]>[1];

export interface IndexingParts {
  records: KnowledgeRecords;
  store: PassageStore;
  files: Files;
  tasks: Tasks;
  models: Pick<Models, "embed">;
  limits?: WorkerLimits;
}

function failure(code: string, message: string): Partial<DocumentRecord> {
  return { status: "failed", error: message, ...(code === "too_large" && { exhausted: PASSAGES_VERSION }) };
}

/** Identifies the knowledge, so that `reindexing` finds its task. */
const reindexTitle = (knowledge: string) => `Reindex ${knowledge}`;

export class Indexing {
  readonly #parts: Omit<IndexingParts, "records">;
  readonly #records: KnowledgeRecords;
  /** By document: makes the check that it is current and the following write atomic. */
  readonly turns = new KeyedMutex();

  constructor({ records, ...parts }: IndexingParts) {
    this.#records = records;
    this.#parts = parts;
    parts.tasks.handle<IndexInput>(INDEX, (input, context) => this.#index(input, context));
    parts.tasks.handle<ReindexInput>(REINDEX, (input, context) => this.#reindex(input, context));
  }

  /** Starts the task that indexes a document, and stores the task's id on the document. */
  async index(input: IndexInput, title: string): Promise<Stored<DocumentRecord>> {
    const task = await this.#parts.tasks.start(INDEX, input, { title: `Index ${title}` });
    return await this.#records.change(input.document, { task: task.id });
  }

  async reindex(input: ReindexInput): Promise<Task> {
    return await this.#parts.tasks.start(REINDEX, input, { title: reindexTitle(input.knowledge) });
  }

  /** True while a task is queued or running. */
  async open(task: string): Promise<boolean> {
    const found = await this.#parts.tasks.get(task);
    return found?.status === "queued" || found?.status === "running";
  }

  /** True while a re-index of the knowledge, or of any, is queued or running. */
  async reindexing(knowledge?: string): Promise<boolean> {
    const recent = await this.#parts.tasks.list({ limit: 500 });
    return recent.some(
      (task) =>
        task.kind === REINDEX &&
        (task.status === "queued" || task.status === "running") &&
        (knowledge === undefined || task.title === reindexTitle(knowledge)),
    );
  }

  async #index(input: IndexInput, { signal, progress }: Context): Promise<{ chunks: number } | { superseded: true }> {
    const ifWanted = (work: () => Promise<unknown>) =>
      this.turns.run(input.document, async () => {
        if (!(await this.#wanted(input))) throw new Superseded();
        await work();
      });
    try {
      await ifWanted(() => this.#records.change(input.document, { status: "indexing" }));
      while (true) {
        const { body } = await this.#records.need(input.knowledge);
        const stored = await this.#wanted(input);
        if (!stored) throw new Superseded();
        // A re-index may have replaced the table in the meantime: then index again.
        const moved = async () => (await this.#records.find(input.knowledge))?.body.table !== body.table;
        try {
          const { bytes } = await this.#parts.files.get(stored.file);
          const table = await this.#parts.store.table(body.table);
          const { chunks, warning } = await ingest({ id: input.document, ...stored, bytes }, table, {
            models: this.#parts.models,
            embedder: body.embedder,
            limits: this.#parts.limits,
            signal,
            progress: (done, total) => progress({ done, total, unit: "characters" }),
            write: ifWanted,
          });
          let done = false;
          await ifWanted(async () => {
            if (await moved()) return;
            await this.#records.change(input.document, { status: "ready", chunks, error: warning });
            done = true;
          });
          if (done) return { chunks };
        } catch (thrown) {
          if (signal.aborted || thrown instanceof Superseded || !(await moved())) throw thrown;
        }
      }
    } catch (thrown) {
      if (thrown instanceof Superseded || !(await this.#wanted(input))) return { superseded: true };
      const { code, message } = errorData(signal.aborted ? signal.reason : thrown);
      // A task that stopped with the process starts again; every other error is shown on the document.
      if (code !== "unavailable" || !signal.aborted)
        await ifWanted(() => this.#records.change(input.document, failure(code, message))).catch(ignoreSuperseded);
      throw thrown;
    }
  }

  /**
   * Fills a new table beside the one in use and then replaces it. Documents that changed in the meantime are indexed
   * again.
   */
  async #reindex(input: ReindexInput, { signal, progress }: Context): Promise<{ documents: number; chunks: number }> {
    const { id: knowledge, body: before, revision } = await this.#records.need(input.knowledge);
    if (before.uid !== input.uid) return { documents: 0, chunks: 0 };
    const embedder = input.embedder === undefined ? before.embedder : (input.embedder ?? undefined);
    const name = `k_${newId()}`;
    const table = await this.#parts.store.table(name);
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
        ...(before.aliases && { aliases: before.aliases }),
      };
      await this.#records.put(knowledge, body, revision);
    } catch (thrown) {
      await this.#parts.store.drop(name);
      throw thrown;
    }
    const now = await this.#documents(input.uid);
    for (const { id, body } of now) {
      const filled = done.get(id);
      if (filled?.sha256 !== body.sha256) {
        if (await this.open(body.task)) continue;
        await this.index({ knowledge: input.knowledge, uid: input.uid, document: id, sha256: body.sha256 }, body.title);
      } else if (body.status === "ready")
        await this.#records
          .change(id, { status: "ready", chunks: filled.chunks, error: filled.warning })
          .catch(ignoreSuperseded);
    }
    const there = new Set(now.map(({ id }) => id));
    for (const id of done.keys()) if (!there.has(id)) await table.remove(id);
    await this.#parts.store.drop(before.table);
    return { documents: done.size, chunks: [...done.values()].reduce((sum, { chunks }) => sum + chunks, 0) };
  }

  /** Indexes one document into a new table. A document that cannot be read is skipped and shows its error. */
  async #refill(
    id: string,
    body: DocumentRecord,
    table: PassageTable,
    embedder: string | undefined,
    signal: AbortSignal,
  ) {
    if (body.exhausted === PASSAGES_VERSION) return { chunks: 0 };
    try {
      const { bytes } = await this.#parts.files.get(body.file);
      return await ingest({ id, ...body, bytes }, table, {
        models: this.#parts.models,
        embedder,
        limits: this.#parts.limits,
        signal,
        progress: () => undefined,
        write: (work) => work(),
      });
    } catch (thrown) {
      signal.throwIfAborted();
      const { code, message } = errorData(thrown);
      if (code === "unavailable" || code === "storage_full" || code === "internal") throw thrown;
      await this.#records.change(id, failure(code, message)).catch(ignoreSuperseded);
      return { chunks: 0 };
    }
  }

  async #documents(uid: string): Promise<Stored<DocumentRecord>[]> {
    const all: Stored<DocumentRecord>[] = [];
    for await (const stored of this.#records.each(uid)) all.push(stored);
    return all;
  }

  /** The document of the task, or undefined when it was removed or replaced. */
  async #wanted(input: IndexInput): Promise<DocumentRecord | undefined> {
    const knowledge = await this.#records.find(input.knowledge);
    const document = await this.#records.document(input.document);
    const same = knowledge?.body.uid === input.uid && document?.body.sha256 === input.sha256;
    return same ? document?.body : undefined;
  }
}

/** Knowledge on real stores in a folder, with a fake embedder that can fail. For tests and benchmarks. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PatchbayError } from "../../runtime/error.ts";
import { terms } from "../../runtime/retrieval/terms.ts";
import type { Task } from "../contract/task.ts";
import type { Download } from "../knowledge/documents.ts";
import { createKnowledge, type KnowledgeStore } from "../knowledge/knowledge.ts";
import type { Knowledge } from "../knowledge/service.ts";
import type { WorkerLimits } from "../lib/run-in-worker.ts";
import { createFiles } from "../stores/blobs/files.ts";
import { openBlobs } from "../stores/blobs/open-blobs.ts";
import { sqliteRecords } from "../stores/sqlite/records.ts";
import { createTasks, ended, type TaskStore } from "../tasks/tasks.ts";

export interface Bench {
  folder: string;
  knowledge: KnowledgeStore;
  tasks: TaskStore;
  reports: string[];
  /** Adds a document and waits for its task; resolves with the ended task. */
  addNow(name: string, source: Parameters<Knowledge["add"]>[1]): Promise<Task>;
  settled(task: string): Promise<Task>;
  /** Closes the stores, as a stop of the process does; the folder stays. */
  stop(): Promise<void>;
}

export interface FakeEmbedder {
  name?: string;
  /** Called before each `embed`, to throw, hang or count. */
  before?(texts: string[], signal: AbortSignal): Promise<void>;
}

export function temporaryFolder(): { folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), "patchbay-knowledge-"));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export async function openBench(
  folder: string,
  embedder: FakeEmbedder = {},
  fetch: Download = noFetch,
  limits?: WorkerLimits,
): Promise<Bench> {
  const records = await sqliteRecords(join(folder, "records.db"));
  const files = createFiles(records, await openBlobs(join(folder, "files")));
  const tasks = createTasks(records);
  const reports: string[] = [];
  const knowledge = createKnowledge({
    records,
    files,
    tasks,
    fetch,
    vectors: join(folder, "vectors"),
    limits,
    report: (message) => reports.push(message),
    models: {
      embedder: async () => embedder.name,
      async embed(texts, signal) {
        await embedder.before?.(texts, signal);
        return texts.map(wordVector);
      },
    },
  });
  const settled = (id: string) =>
    new Promise<Task>((resolve, reject) => {
      const stop = tasks.watch(id, check);
      function check(task: Task) {
        if (!ended(task)) return;
        stop();
        resolve(task);
      }
      tasks.get(id).then((task) => task && check(task), reject);
    });
  return {
    folder,
    knowledge,
    tasks,
    reports,
    settled,
    async addNow(name, source) {
      const { task } = await knowledge.add(name, source);
      return await settled(task);
    },
    async stop() {
      await tasks.close();
      await knowledge.close();
      await records.close();
    },
  };
}

const noFetch: Download = async () => {
  throw new PatchbayError("address_blocked", "No network here.");
};

/** Synonyms have one meaning in `wordVector`, so that a vector search finds more than a text search. */
const SYNONYMS: Record<string, string> = { vacation: "holiday", laptop: "computer" };

/** A vector of 64 numbers by the words of a text. */
export function wordVector(text: string): number[] {
  const vector = new Array<number>(64).fill(0.001);
  for (const term of terms(text)) {
    let hash = 7;
    for (const character of SYNONYMS[term] ?? term) hash = (hash * 31 + character.codePointAt(0)!) % 9973;
    vector[hash % 64]! += 1;
  }
  return vector;
}

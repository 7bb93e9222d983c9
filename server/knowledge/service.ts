import type { SearchMode } from "../../runtime/host.ts";
import type { Document } from "../../runtime/message.ts";
import type { KnowledgeCard, KnowledgeDocument } from "../contract/knowledge.ts";
import type { Task } from "../contract/task.ts";

export interface Knowledge {
  cards(): Promise<KnowledgeCard[]>;
  create(knowledge: { name: string; embedder?: string }): Promise<KnowledgeCard>;
  delete(name: string): Promise<boolean>;
  /** Stores the bytes and starts a task that indexes them. Same title and same content: nothing is done twice. */
  add(
    name: string,
    source:
      | { title: string; mediaType?: string; bytes: Uint8Array }
      | { title: string; text: string }
      | { url: string },
  ): Promise<{ document: KnowledgeDocument; task: string }>;
  documents(name: string, options?: { after?: string; limit?: number }): Promise<KnowledgeDocument[]>;
  document(name: string, id: string): Promise<KnowledgeDocument & { text: string }>;
  /** The bytes as they came. */
  source(name: string, id: string): Promise<{ title: string; mediaType: string; bytes: Uint8Array }>;
  removeDocument(name: string, id: string): Promise<boolean>;
  /**
   * A task that makes the index anew beside the old one, which answers until then; `embedder` changes it, `null` takes
   * it away.
   */
  reindex(name: string, options?: { embedder?: string | null }): Promise<Task>;
  /** See `Host.searchKnowledge`. */
  search(
    name: string,
    query: string,
    options: { limit: number; mode: SearchMode; minScore?: number },
    signal: AbortSignal,
  ): Promise<Document[]>;
}

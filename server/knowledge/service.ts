import type { SearchMode } from "../../runtime/host.ts";
import type { Document } from "../../runtime/message.ts";
import type { KnowledgeCard, KnowledgeDocument } from "../contract/knowledge.ts";
import type { Task } from "../contract/task.ts";

export interface Knowledge {
  cards(): Promise<KnowledgeCard[]>;
  create(knowledge: { name: string; embedder?: string }): Promise<KnowledgeCard>;
  /** Agents that use the old name still find it. Rejects with `conflict` while its index is rebuilt, or for a taken name. */
  rename(name: string, next: string): Promise<KnowledgeCard>;
  delete(name: string): Promise<boolean>;
  /** Stores the bytes and starts a task that indexes them. The same title and content again changes nothing. */
  add(
    name: string,
    source:
      | { title: string; mediaType?: string; bytes: Uint8Array }
      | { title: string; text: string }
      | { url: string },
  ): Promise<{ document: KnowledgeDocument; task: string }>;
  documents(name: string, options?: { after?: string; limit?: number }): Promise<KnowledgeDocument[]>;
  document(name: string, id: string): Promise<KnowledgeDocument & { text: string }>;
  /** The original bytes. */
  source(name: string, id: string): Promise<{ title: string; mediaType: string; bytes: Uint8Array }>;
  removeDocument(name: string, id: string): Promise<boolean>;
  /**
   * Starts a task that rebuilds the index; the old one is used until then. `embedder` changes the embedder, `null`
   * removes it.
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

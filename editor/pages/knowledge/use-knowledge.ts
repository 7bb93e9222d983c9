import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { KnowledgeDocument } from "../../../server/contract/knowledge.ts";
import { api } from "../../api/api.ts";

export const KNOWLEDGE_KEY = ["knowledge"];

export function useKnowledgeList() {
  return useQuery({ queryKey: KNOWLEDGE_KEY, queryFn: ({ signal }) => api.knowledge.list(signal) });
}

export const isBusy = (document: KnowledgeDocument) => document.status === "queued" || document.status === "indexing";

const finished = (documents: KnowledgeDocument[]) =>
  documents.map((one) => `${one.id} ${isBusy(one)} ${one.chunks}`).join("\n");

/** All documents of a knowledge base. Polls every second while any of them is being indexed. */
export function useDocuments(name: string) {
  const client = useQueryClient();
  return useQuery({
    queryKey: [...KNOWLEDGE_KEY, name, "documents"],
    queryFn: async ({ signal }) => {
      const documents = await api.knowledge.documents(name, signal);
      // The counts of the knowledge change when documents finish.
      const before = client.getQueryData<KnowledgeDocument[]>([...KNOWLEDGE_KEY, name, "documents"]);
      if (before && finished(before) !== finished(documents))
        void client.invalidateQueries({ queryKey: [...KNOWLEDGE_KEY, name], exact: true });
      return documents;
    },
    refetchInterval: (query) => (query.state.data?.some(isBusy) ? 1000 : false),
  });
}

/** Letters, digits, spaces, `.`, `_` and `-`. The server checks again. */
export const KNOWLEDGE_NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,63}$/u;

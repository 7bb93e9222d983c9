import { useQuery } from "@tanstack/react-query";
import type { KnowledgeDocument } from "../../../server/contract/knowledge.ts";
import { api } from "../../api/api.ts";

export const KNOWLEDGE_KEY = ["knowledge"];

export function useKnowledgeList() {
  return useQuery({ queryKey: KNOWLEDGE_KEY, queryFn: ({ signal }) => api.knowledge.list(signal) });
}

export const isBusy = (document: KnowledgeDocument) => document.status === "queued" || document.status === "indexing";

/** All documents of a knowledge base. Polls every second while any of them is being indexed. */
export function useDocuments(name: string) {
  return useQuery({
    queryKey: [...KNOWLEDGE_KEY, name, "documents"],
    queryFn: ({ signal }) => api.knowledge.documents(name, signal),
    refetchInterval: (query) => (query.state.data?.some(isBusy) ? 1000 : false),
  });
}

/** Letters, digits, spaces, `.`, `_` and `-`. The server checks again. */
export const KNOWLEDGE_NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,63}$/u;

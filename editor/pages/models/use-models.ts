import { useQuery } from "@tanstack/react-query";
import { api } from "../../api.ts";
import type { ModelCard } from "../../api-types.ts";

export const MODELS_KEY = ["models"];

export function useModels() {
  return useQuery({ queryKey: MODELS_KEY, queryFn: ({ signal }) => api.models.list(signal), staleTime: 30_000 });
}

/** The model that "default" means now. */
export function defaultModel(cards: ModelCard[]): ModelCard | undefined {
  return cards.find((card) => card.isDefault) ?? cards.find((card) => card.demo);
}

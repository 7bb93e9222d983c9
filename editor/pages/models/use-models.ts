import { useQuery } from "@tanstack/react-query";
import { api } from "../../api/api.ts";

export const MODELS_KEY = ["models"];

export function useModels() {
  return useQuery({ queryKey: MODELS_KEY, queryFn: ({ signal }) => api.models.list(signal), staleTime: 30_000 });
}

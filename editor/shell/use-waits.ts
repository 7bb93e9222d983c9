import { useQuery } from "@tanstack/react-query";
import type { RunRow } from "../../server/contract/run.ts";
import { api } from "../api/api.ts";

/** More than this is counted as this many and more. */
export const MOST_WAITS = 200;

/** Every run that waits for a person, longest first; looked at again while the window is seen. */
export function useWaits(everyMs = 10_000) {
  return useQuery({
    // Under the runs: whatever changes one changes this.
    queryKey: ["runs", "waits"],
    queryFn: async ({ signal }): Promise<RunRow[]> => {
      const lists = await Promise.all(
        (["waiting", "uncertain"] as const).map((status) => api.runs.list({ status, limit: MOST_WAITS }, signal)),
      );
      return lists.flat().sort((a, b) => a.startedAt - b.startedAt);
    },
    refetchInterval: everyMs,
    refetchOnWindowFocus: true,
  });
}

import { useQuery } from "@tanstack/react-query";
import type { RunRow } from "../../server/contract/run.ts";
import { api } from "../api/api.ts";

/** Higher counts are shown as this number and a plus sign. */
export const MAX_WAITS = 200;

/** All runs that wait for a person, longest first. Polls while the window is visible. */
export function useWaits(everyMs = 10_000) {
  return useQuery({
    // Under the "runs" key, so that any change of a run reloads it.
    queryKey: ["runs", "waits"],
    queryFn: async ({ signal }): Promise<RunRow[]> => {
      const lists = await Promise.all(
        (["waiting", "uncertain"] as const).map((status) => api.runs.list({ status, limit: MAX_WAITS }, signal)),
      );
      return lists.flat().sort((a, b) => a.startedAt - b.startedAt);
    },
    refetchInterval: everyMs,
    refetchOnWindowFocus: true,
  });
}

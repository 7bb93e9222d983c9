import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { RunEvent, RunItem } from "../../../runtime/event.ts";
import { foldRun, type RunView } from "../../../runtime/fold-run.ts";
import { api } from "../../api/api.ts";
import { followRun } from "../../api/follow-run.ts";

export interface FollowedRun {
  events: RunEvent[];
  view: RunView;
  /** The streamed text of the reply while the run is active. */
  text: string;
  error?: unknown;
  loading: boolean;
}

const START: FollowedRun = { events: [], view: foldRun([]), text: "", loading: true };

/**
 * A run's stored events and, while it is active, the live ones. `refollow` resumes following after a decision. A lost
 * stream is resumed where it broke.
 */
export function useRun(id: string): FollowedRun & { refollow(): void } {
  const [state, setState] = useState<FollowedRun>(START);
  const [round, setRound] = useState(0);
  const client = useQueryClient();

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new round follows the run again
  useEffect(() => {
    const stop = new AbortController();
    const events: RunEvent[] = [];
    let text = "";
    let scheduled = false;
    const show = (more: Partial<FollowedRun> = {}) => {
      if (!stop.signal.aborted) setState({ events: [...events], view: foldRun(events), text, loading: false, ...more });
    };
    const soon = () => {
      if (scheduled) return;
      scheduled = true;
      requestAnimationFrame(() => {
        scheduled = false;
        show();
      });
    };
    const { signal } = stop;
    const read = (after: number) => api.runs.follow(id, after, signal);
    const follow = {
      signal,
      reopen: (_run: string, after: number) => read(after),
      onItem(item: RunItem) {
        if (item.type !== "delta") events.push(item);
        else if (item.answer && item.kind === "text") text = text.slice(0, item.offset) + item.text;
        soon();
      },
    };
    followRun(read(-1), follow, { run: id, seq: -1 }).then(
      () => {
        show();
        void client.invalidateQueries({ queryKey: ["runs"] });
      },
      (error: unknown) => show({ error }),
    );
    return () => stop.abort();
  }, [id, round, client]);

  return { ...state, refollow: () => setRound((count) => count + 1) };
}

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { RunEvent } from "../../../runtime/event.ts";
import { foldRun, type RunView } from "../../../runtime/fold-run.ts";
import { ApiError, api } from "../../api/api.ts";

export interface FollowedRun {
  events: RunEvent[];
  view: RunView;
  /** The answer's text on its way, while the run goes on. */
  text: string;
  error?: unknown;
  loading: boolean;
}

const START: FollowedRun = { events: [], view: foldRun([]), text: "", loading: true };

/**
 * A run's stored events and, while it goes on, what follows; `again` reads on after an answer. The stream is taken up
 * where it broke.
 */
export function useRun(id: string): FollowedRun & { again(): void } {
  const [state, setState] = useState<FollowedRun>(START);
  const [round, setRound] = useState(0);
  const client = useQueryClient();

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new round reads on
  useEffect(() => {
    const stop = new AbortController();
    const events: RunEvent[] = [];
    let text = "";
    let asked = false;
    const show = (more: Partial<FollowedRun> = {}) => {
      if (!stop.signal.aborted) setState({ events: [...events], view: foldRun(events), text, loading: false, ...more });
    };
    const soon = () => {
      if (asked) return;
      asked = true;
      requestAnimationFrame(() => {
        asked = false;
        show();
      });
    };
    const read = async () => {
      for (let tries = 0; ; tries++) {
        try {
          for await (const signal of api.runs.follow(id, events.at(-1)?.seq, stop.signal)) {
            if (signal.kind === "event") events.push(signal.event);
            else if (signal.delta.answer && signal.delta.kind === "text")
              text = text.slice(0, signal.delta.offset) + signal.delta.text;
            tries = 0;
            soon();
          }
          show();
          void client.invalidateQueries({ queryKey: ["runs"] });
          return;
        } catch (error) {
          if (stop.signal.aborted) return;
          if ((error instanceof ApiError && error.status > 0) || tries >= 5) return show({ error });
          await new Promise((done) => setTimeout(done, 400 * 2 ** tries));
        }
      }
    };
    void read();
    return () => stop.abort();
  }, [id, round, client]);

  return { ...state, again: () => setRound((count) => count + 1) };
}

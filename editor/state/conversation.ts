/** The conversation that tries the agent: turns, each with the life of its run. The newest turn's run is the one on the canvas. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { errorData, type ErrorData } from "../../runtime/error.ts";
import type { Delta, RunEvent, RunInput, WaitAnswer } from "../../runtime/event.ts";
import type { Graph } from "../../runtime/graph.ts";
import type { FileRef } from "../../runtime/message.ts";
import type { LiveRun } from "./live-run.ts";
import { foldAll, newLife, type RunLife } from "./run-life.ts";
import { type Follow, resumeRun, startRun } from "./run-stream.ts";

export interface Turn {
  id: number;
  message: string;
  files?: FileRef[];
  /** Grows while the run is under way (the canvas's live run), and stays as it ended. */
  life?: RunLife;
  /** Why no run came of it. */
  error?: ErrorData;
}

export interface ConversationState {
  session: string;
  turns: readonly Turn[];
  busy: boolean;
  /** The turn whose run the canvas shows. */
  shown?: number;
}

export interface Conversation extends StoreApi<ConversationState> {
  /** Sends a message. Resolves when the run has ended or waits. One turn at a time: while busy, nothing happens. */
  send(input: RunInput, options?: RunOptions): Promise<void>;
  /** Answers what a turn's run waits for and follows it on. */
  answer(turn: number, answers: WaitAnswer[]): Promise<void>;
  /** Stops the run on the server. */
  cancel(): Promise<void>;
  /** Shows a turn's run on the canvas. */
  show(turn: number): void;
  /** Begins a new session; the old one stays under Sessions. */
  restart(): void;
  close(): void;
}

export interface RunOptions {
  pins?: Record<string, Record<string, unknown>>;
  range?: { to?: string; from?: string; only?: string };
}

export interface ConversationWorld {
  agent: string;
  live: LiveRun;
  /** Sends what is unsaved; false where that cannot be done, and the graph itself is then sent along. */
  save(): Promise<boolean>;
  graph(): Graph;
  newId(): string;
  now(): number;
  fetch: Follow["fetch"];
  pause: Follow["pause"];
}

export function createConversation(world: ConversationWorld): Conversation {
  const store = createStore<ConversationState>(() => ({ session: world.newId(), turns: [], busy: false }));
  let abort = new AbortController();
  let count = 0;

  const change = (id: number, more: Partial<Turn>) =>
    store.setState((state) => ({ turns: state.turns.map((turn) => (turn.id === id ? { ...turn, ...more } : turn)) }));

  async function watch(turn: number, run: (follow: Follow) => Promise<void>): Promise<void> {
    const { signal } = abort;
    store.setState({ busy: true, shown: turn });
    let own = store.getState().turns.find((one) => one.id === turn)?.life ?? newLife("", world.now());
    try {
      await run({
        fetch: world.fetch,
        pause: world.pause,
        signal,
        onLost: () => world.live.setLost(true),
        onItem(item: RunEvent | Delta) {
          if (store.getState().shown === turn) world.live.push(item);
          else own = foldAll(own, [item]);
        },
      });
    } catch (error) {
      if (!signal.aborted) change(turn, { error: errorData(error) });
    } finally {
      world.live.settle();
      if (!signal.aborted) {
        const life = store.getState().shown === turn ? world.live.getState().life : own;
        change(turn, { life: life?.run ? life : undefined });
        store.setState({ busy: false });
      }
    }
  }

  return Object.assign(store, {
    async send(input: RunInput, options: RunOptions = {}) {
      if (store.getState().busy) return;
      const id = ++count;
      store.setState((state) => ({ turns: [...state.turns, { id, message: input.message, files: input.files }], busy: true }));
      world.live.begin(world.now());
      const partial = options.pins !== undefined || options.range !== undefined;
      await watch(id, async (follow) => {
        const { session } = store.getState();
        const saved = await world.save();
        if (saved && !partial) await startRun(`/api/agents/${encodeURIComponent(world.agent)}/runs`, { input, session }, follow);
        else await startRun("/api/runs", { graph: world.graph(), input, session, ...options }, follow);
      });
    },
    async answer(turn: number, answers: WaitAnswer[]) {
      const life = store.getState().turns.find((one) => one.id === turn)?.life;
      if (!life || store.getState().busy) return;
      world.live.show(life);
      await watch(turn, async (follow) => {
        const response = await follow.fetch(`/api/runs/${encodeURIComponent(life.run)}/answer`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ answers }),
          signal: follow.signal,
        });
        if (!response.ok) throw await refused(response);
        await resumeRun(life.run, life.seq, follow);
      });
    },
    async cancel() {
      const run = world.live.getState().life?.run;
      if (!run) return;
      await world.fetch(`/api/runs/${encodeURIComponent(run)}/cancel`, { method: "POST", headers: { "content-type": "application/json" }, body: "{}" });
    },
    show(turn: number) {
      const { turns, busy } = store.getState();
      const life = turns.find((one) => one.id === turn)?.life;
      if (busy || !life) return;
      world.live.show(life);
      store.setState({ shown: turn });
    },
    restart() {
      abort.abort();
      abort = new AbortController();
      world.live.show(undefined);
      store.setState({ session: world.newId(), turns: [], busy: false, shown: undefined });
    },
    close() {
      abort.abort();
    },
  });
}

async function refused(response: Response): Promise<Error> {
  const body = (await response.json().catch(() => undefined)) as { error?: { message?: string } } | undefined;
  return new Error(body?.error?.message ?? `The server answered with status ${response.status}.`);
}

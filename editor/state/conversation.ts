/** The conversation that tries the agent: turns, each with the life of its run. The newest turn's run is the one on the canvas. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { type ErrorData, errorData } from "../../runtime/error.ts";
import type { RunInput, WaitAnswer } from "../../runtime/event.ts";
import type { Graph } from "../../runtime/graph.ts";
import type { FileRef } from "../../runtime/message.ts";
import type { PartHow } from "../trying/part.ts";
import { type Pins, pinsOf } from "../trying/pins.ts";
import { earlierTurns } from "../trying/turns.ts";
import type { LiveRun } from "./live-run.ts";
import type { RunLife } from "./run-life.ts";
import { type Follow, followRun, type RunSignal } from "./run-stream.ts";

export interface Turn {
  id: number;
  message: string;
  files?: FileRef[];
  /** What of the graph ran, where it was not the whole. */
  part?: RunPart;
  /** How many outputs were pinned in it. */
  pins?: number;
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
  /** Answers something that a turn's run waits for, and follows it on. */
  answer(turn: number, answer: WaitAnswer): Promise<void>;
  /** Stops the run on the server. */
  cancel(): Promise<void>;
  /** Shows a turn's run on the canvas. */
  show(turn: number): void;
  /** Begins a new session; the old one stays under Sessions. */
  restart(): void;
  close(): void;
}

export interface RunPart {
  how: PartHow;
  node: string;
}

export interface RunOptions {
  /** Absent: the outputs that are pinned in the draft. */
  pins?: Pins;
  range?: { to?: string; from?: string; only?: string };
  /** Said where a part of the graph runs. Such a run is no turn of the session; it is given the turns before it. */
  part?: RunPart;
}

/** What a run is asked, and how. */
type Asked = { input: RunInput; session?: string } & Pick<RunOptions, "pins" | "range">;

export interface ConversationWorld {
  live: LiveRun;
  /** Sends what is unsaved; false where that cannot be done, and the graph itself is then sent along. */
  save(): Promise<boolean>;
  graph(): Graph;
  newId(): string;
  now(): number;
  pause: Follow["pause"];
  server: {
    runSaved(request: Asked, signal: AbortSignal): AsyncIterable<RunSignal>;
    runGraph(request: Asked & { graph: Graph }, signal: AbortSignal): AsyncIterable<RunSignal>;
    follow(run: string, after: number, signal: AbortSignal): AsyncIterable<RunSignal>;
    answer(run: string, answer: WaitAnswer): Promise<unknown>;
    cancel(run: string): Promise<unknown>;
  };
}

export function createConversation(world: ConversationWorld): Conversation {
  const { live, server } = world;
  const store = createStore<ConversationState>(() => ({ session: world.newId(), turns: [], busy: false }));
  let abort = new AbortController();
  let count = 0;

  const change = (id: number, more: Partial<Turn>) =>
    store.setState((state) => ({ turns: state.turns.map((turn) => (turn.id === id ? { ...turn, ...more } : turn)) }));

  /** Follows a turn's run on the canvas; its life stays with the turn when it ends or waits. */
  async function watch(
    turn: number,
    open: (signal: AbortSignal) => Promise<AsyncIterable<RunSignal>>,
    known?: { run: string; seq: number },
  ): Promise<void> {
    const { signal } = abort;
    store.setState({ busy: true, shown: turn });
    try {
      const stream = await open(signal);
      await followRun(
        stream,
        {
          signal,
          pause: world.pause,
          reopen: (run, after) => server.follow(run, after, signal),
          onLost: () => live.setLost(true),
          onItem: (item) => live.push(item),
        },
        known,
      );
    } catch (error) {
      if (!signal.aborted) change(turn, { error: toData(error) });
    } finally {
      if (!signal.aborted) {
        live.settle();
        live.setLost(false);
        const { life } = live.getState();
        change(turn, { life: life && life.view.seq >= 0 ? life : undefined });
        if (!life || life.view.seq < 0) live.show(undefined);
        store.setState({ busy: false });
      }
    }
  }

  return Object.assign(store, {
    async send(input: RunInput, options: RunOptions = {}) {
      if (store.getState().busy) return;
      const id = ++count;
      const { session, turns } = store.getState();
      const { part, range, pins = pinsOf(world.graph()) } = options;
      const fixed = Object.keys(pins).length;
      const asked: Asked = {
        ...(part ? { input: { ...earlierTurns(turns), ...input } } : { input, session }),
        ...(fixed > 0 && { pins }),
        ...(range && { range }),
      };
      store.setState({
        turns: [...turns, { id, message: input.message, files: input.files, part, pins: fixed }],
        busy: true,
      });
      live.begin(world.now());
      await watch(id, async (signal) => {
        if (await world.save()) return server.runSaved(asked, signal);
        return server.runGraph({ graph: world.graph(), ...asked }, signal);
      });
    },
    async answer(turn: number, answer: WaitAnswer) {
      const { turns, busy } = store.getState();
      const life = turns.find((one) => one.id === turn)?.life;
      if (!life || busy) return;
      live.show(life);
      change(turn, { error: undefined });
      const place = { run: life.view.id, seq: life.view.seq };
      await watch(
        turn,
        async (signal) => {
          await server.answer(place.run, answer);
          return server.follow(place.run, place.seq, signal);
        },
        place,
      );
    },
    async cancel() {
      const run = live.getState().life?.view.id;
      if (run) await server.cancel(run);
    },
    show(turn: number) {
      const { turns, busy } = store.getState();
      const life = turns.find((one) => one.id === turn)?.life;
      if (busy || !life) return;
      live.show(life);
      store.setState({ shown: turn });
    },
    restart() {
      abort.abort();
      abort = new AbortController();
      live.show(undefined);
      store.setState({ session: world.newId(), turns: [], busy: false, shown: undefined });
    },
    close() {
      abort.abort();
    },
  });
}

/** What the server said, or what went wrong on the way to it. */
function toData(error: unknown): ErrorData {
  const { code, issues } = error as { code?: ErrorData["code"]; issues?: ErrorData["issues"] };
  const data = errorData(error);
  return { ...data, ...(code ? { code } : {}), ...(issues ? { issues } : {}) };
}

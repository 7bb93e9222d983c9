/** The test conversation with the draft: turns, each with the state of its run. The canvas shows the run of one turn. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { type ErrorData, errorData } from "../../runtime/error.ts";
import type { RunInput, RunItem, WaitDecision } from "../../runtime/event.ts";
import type { Graph } from "../../runtime/graph.ts";
import type { FileRef, Message } from "../../runtime/message.ts";
import { type FollowOptions, followRun } from "../api/follow-run.ts";
import type { PartHow } from "../graph/partial-run.ts";
import { type Pins, pinsOf } from "../graph/pins.ts";
import type { LiveRun } from "./live-run.ts";
import { isBusy, isOver, type RunState } from "./run-state.ts";

export interface Turn {
  id: number;
  message: string;
  files?: FileRef[];
  /** What of the graph ran, where it was not the whole. */
  part?: RunPart;
  /** How many outputs were pinned in it. */
  pins?: number;
  /** Grows while the run is under way (the canvas's live run), and stays as it ended. */
  runState?: RunState;
  /** Why no run came of it. */
  error?: ErrorData;
}

export interface ConversationState {
  session: string;
  turns: readonly Turn[];
  /** Something is being done in the run that is shown: it does not only wait for a person. */
  busy: boolean;
  /** The turn whose run the canvas shows. */
  shown?: number;
}

export interface Conversation extends StoreApi<ConversationState> {
  /** Sends a message. Resolves when the run has ended or only waits. One turn at a time: while busy, nothing happens. */
  send(input: RunInput, options?: RunOptions): Promise<void>;
  /**
   * Answers something that a turn's run waits for, also while the rest of it goes on. Resolves when the run has ended or
   * only waits again; a refused answer is told with the turn.
   */
  answer(turn: number, answer: WaitDecision): Promise<void>;
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

export interface ConversationDeps {
  live: LiveRun;
  /** Sends what is unsaved; false where that cannot be done, and the graph itself is then sent along. */
  save(): Promise<boolean>;
  graph(): Graph;
  newId(): string;
  now(): number;
  /** Replaced by tests alone. */
  pause?: FollowOptions<RunItem>["pause"];
  server: {
    runSaved(request: Asked, signal: AbortSignal): AsyncIterable<RunItem>;
    runGraph(request: Asked & { graph: Graph }, signal: AbortSignal): AsyncIterable<RunItem>;
    follow(run: string, after: number, signal: AbortSignal): AsyncIterable<RunItem>;
    answer(run: string, answer: WaitDecision): Promise<unknown>;
    cancel(run: string): Promise<unknown>;
  };
}

export function createConversation(deps: ConversationDeps): Conversation {
  const { live, server } = deps;
  const store = createStore<ConversationState>(() => ({ session: deps.newId(), turns: [], busy: false }));
  /** Of the run that is followed onto the canvas: the one of the turn that is shown. */
  let following = new AbortController();
  following.abort();
  const waiters: (() => void)[] = [];
  let count = 0;

  const change = (id: number, more: Partial<Turn>) =>
    store.setState((state) => ({ turns: state.turns.map((turn) => (turn.id === id ? { ...turn, ...more } : turn)) }));
  const runStateOf = (id: number) => store.getState().turns.find((turn) => turn.id === id)?.runState;
  const rested = () => new Promise<void>((resolve) => waiters.push(resolve));

  /** Stores the state with its turn and resolves pending `send` and `answer` calls. */
  function rest(turn: number): void {
    const { runState } = live.getState();
    const begun = runState !== undefined && runState.view.seq >= 0;
    change(turn, { runState: begun ? runState : undefined });
    store.setState({ busy: false });
    for (const go of waiters.splice(0)) go();
  }

  const endWatch = live.subscribe(({ runState }) => {
    const { shown, busy } = store.getState();
    if (following.signal.aborted || shown === undefined || !runState || runState.view.seq < 0) return;
    if (isBusy(runState.view)) {
      if (!busy) store.setState({ busy: true });
    } else if (busy || runStateOf(shown)?.view !== runState.view) rest(shown);
  });

  /** Follows a turn's run on the canvas to its end, also through what it waits for, until another turn is shown. */
  async function watch(
    turn: number,
    open: (signal: AbortSignal) => Promise<AsyncIterable<RunItem>>,
    known?: { run: string; seq: number },
  ): Promise<void> {
    following.abort();
    const own = new AbortController();
    following = own;
    const { signal } = own;
    store.setState({ busy: true, shown: turn });
    try {
      await followRun(
        await open(signal),
        {
          signal,
          pause: deps.pause,
          reopen: (run, after) => server.follow(run, after, signal),
          onLost: () => live.setLost(true),
          onItem: (item) => {
            if (!signal.aborted) live.push(item);
          },
        },
        known,
      );
    } catch (error) {
      if (!signal.aborted) change(turn, { error: toData(error) });
    }
    if (signal.aborted) return;
    live.settle();
    live.setLost(false);
    own.abort();
    rest(turn);
    if (!runStateOf(turn)) live.show(undefined);
  }

  /** Follows a turn's run from its last event. */
  const resume = (turn: number, { view }: RunState) =>
    watch(turn, async (signal) => server.follow(view.id, view.seq, signal), { run: view.id, seq: view.seq });

  return Object.assign(store, {
    async send(input: RunInput, options: RunOptions = {}) {
      if (store.getState().busy) return;
      const id = ++count;
      const { session, turns } = store.getState();
      const { part, range, pins = pinsOf(deps.graph()) } = options;
      const fixed = Object.keys(pins).length;
      const asked: Asked = {
        ...(part ? { input: { ...earlierTurns(turns), ...input } } : { input, session }),
        ...(fixed > 0 && { pins }),
        ...(range && { range }),
      };
      following.abort();
      store.setState({
        turns: [...turns, { id, message: input.message, files: input.files, part, pins: fixed }],
        busy: true,
      });
      live.begin(deps.now());
      const resting = rested();
      void watch(id, async (signal) => {
        if (await deps.save()) return server.runSaved(asked, signal);
        return server.runGraph({ graph: deps.graph(), ...asked }, signal);
      });
      await resting;
    },
    async answer(turn: number, answer: WaitDecision) {
      const { shown } = store.getState();
      const runState = shown === turn ? live.getState().runState : runStateOf(turn);
      if (!runState || isOver(runState.view)) return;
      change(turn, { error: undefined });
      try {
        await server.answer(runState.view.id, answer);
      } catch (error) {
        change(turn, { error: toData(error) });
        return;
      }
      const resting = rested();
      if (shown !== turn) {
        live.show(runState);
        void resume(turn, runState);
      } else if (following.signal.aborted) void resume(turn, live.getState().runState ?? runState);
      await resting;
    },
    async cancel() {
      const run = live.getState().runState?.view.id;
      if (run) await server.cancel(run);
    },
    show(turn: number) {
      const { busy, shown } = store.getState();
      const runState = runStateOf(turn);
      if (busy || !runState || shown === turn) return;
      following.abort();
      live.show(runState);
      store.setState({ shown: turn });
      if (!isOver(runState.view)) void resume(turn, runState);
    },
    restart() {
      following.abort();
      live.show(undefined);
      store.setState({ session: deps.newId(), turns: [], busy: false, shown: undefined });
      for (const go of waiters.splice(0)) go();
    },
    close() {
      following.abort();
      endWatch();
    },
  });
}

/** What the server said, or what went wrong on the way to it. */
function toData(error: unknown): ErrorData {
  const { code, issues } = error as { code?: ErrorData["code"]; issues?: ErrorData["issues"] };
  const data = errorData(error);
  return { ...data, ...(code ? { code } : {}), ...(issues ? { issues } : {}) };
}

/** The whole turns that were answered, as the history that a run brings along; nothing where there are none. */
function earlierTurns(turns: readonly Turn[]): { history?: RunInput["history"] } {
  const history = turns.flatMap((turn): Message[] => {
    const reply = turn.runState?.view.output?.reply;
    if (turn.part || turn.runState?.view.status !== "done" || reply === undefined) return [];
    return [
      { role: "user", content: turn.message },
      { role: "assistant", content: typeof reply === "string" ? reply : JSON.stringify(reply) },
    ];
  });
  return history.length > 0 ? { history } : {};
}

/** The chat with the draft: turns, each with the state of its run. The canvas shows the run of one turn. */
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
  /** The part of the graph that ran; absent: the whole graph. */
  part?: RunPart;
  /** How many outputs were pinned. */
  pins?: number;
  /** The state of the run. Updated when the run ends or only waits; `live` has the state in between. */
  runState?: RunState;
  /** Why the run did not start, or why a decision was rejected. */
  error?: ErrorData;
}

export interface ConversationState {
  session: string;
  turns: readonly Turn[];
  /** The displayed run is working: it has not ended, and does not only wait for a person. */
  busy: boolean;
  /** Id of the turn whose run the canvas shows. */
  shown?: number;
}

export interface Conversation extends StoreApi<ConversationState> {
  /** Sends a message. Resolves when the run has ended or only waits for a person. Does nothing while busy. */
  send(input: RunInput, options?: RunOptions): Promise<void>;
  /**
   * Sends a decision to a turn's run, also while other parts of the run work. Resolves when the run has ended or only waits
   * again. A rejected decision is the turn's `error`.
   */
  answer(turn: number, answer: WaitDecision): Promise<void>;
  /** Stops the run on the server. */
  cancel(): Promise<void>;
  /** Shows a turn's run on the canvas. */
  show(turn: number): void;
  /** Starts a new session. The old one stays under Sessions. */
  restart(): void;
  close(): void;
}

export interface RunPart {
  how: PartHow;
  node: string;
}

export interface RunOptions {
  /** Absent: the pins of the draft. */
  pins?: Pins;
  range?: { to?: string; from?: string; only?: string };
  /** Set when only a part runs. Such a run does not belong to the session and gets the earlier turns as history. */
  part?: RunPart;
}

type RunRequest = { input: RunInput; session?: string } & Pick<RunOptions, "pins" | "range">;

export interface ConversationDeps {
  live: LiveRun;
  /** Saves the draft. False when it cannot be saved: the request then contains the graph. */
  save(): Promise<boolean>;
  graph(): Graph;
  newId(): string;
  now(): number;
  /** For tests. */
  pause?: FollowOptions<RunItem>["pause"];
  server: {
    runSaved(request: RunRequest, signal: AbortSignal): AsyncIterable<RunItem>;
    runGraph(request: RunRequest & { graph: Graph }, signal: AbortSignal): AsyncIterable<RunItem>;
    follow(run: string, after: number, signal: AbortSignal): AsyncIterable<RunItem>;
    answer(run: string, answer: WaitDecision): Promise<unknown>;
    cancel(run: string): Promise<unknown>;
  };
}

export function createConversation(deps: ConversationDeps): Conversation {
  const { live, server } = deps;
  const store = createStore<ConversationState>(() => ({ session: deps.newId(), turns: [], busy: false }));
  /** Ends following the displayed turn's run. Aborted when no run is followed. */
  let following = new AbortController();
  following.abort();
  const idleListeners: (() => void)[] = [];
  let count = 0;

  const change = (id: number, more: Partial<Turn>) =>
    store.setState((state) => ({ turns: state.turns.map((turn) => (turn.id === id ? { ...turn, ...more } : turn)) }));
  const runStateOf = (id: number) => store.getState().turns.find((turn) => turn.id === id)?.runState;
  const untilIdle = () => new Promise<void>((resolve) => idleListeners.push(resolve));
  const notifyIdle = () => {
    for (const listener of idleListeners.splice(0)) listener();
  };

  /** Stores the state with its turn and resolves pending `send` and `answer` calls. */
  function setIdle(turn: number): void {
    const { runState } = live.getState();
    const started = runState !== undefined && runState.view.seq >= 0;
    change(turn, { runState: started ? runState : undefined });
    store.setState({ busy: false });
    notifyIdle();
  }

  const endWatch = live.subscribe(({ runState }) => {
    const { shown, busy } = store.getState();
    if (following.signal.aborted || shown === undefined || !runState || runState.view.seq < 0) return;
    if (isBusy(runState.view)) {
      if (!busy) store.setState({ busy: true });
    } else if (busy || runStateOf(shown)?.view !== runState.view) setIdle(shown);
  });

  /** Follows a turn's run on the canvas to its end, across waits, until another turn is shown. */
  async function follow(
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
    setIdle(turn);
    if (!runStateOf(turn)) live.show(undefined);
  }

  /** Follows a turn's run from its last event. */
  const resume = (turn: number, { view }: RunState) =>
    follow(turn, async (signal) => server.follow(view.id, view.seq, signal), { run: view.id, seq: view.seq });

  return Object.assign(store, {
    async send(input: RunInput, options: RunOptions = {}) {
      if (store.getState().busy) return;
      const id = ++count;
      const { session, turns } = store.getState();
      const { part, range, pins = pinsOf(deps.graph()) } = options;
      const pinCount = Object.keys(pins).length;
      const request: RunRequest = {
        ...(part ? { input: { ...earlierTurns(turns), ...input } } : { input, session }),
        ...(pinCount > 0 && { pins }),
        ...(range && { range }),
      };
      following.abort();
      store.setState({
        turns: [...turns, { id, message: input.message, files: input.files, part, pins: pinCount }],
        busy: true,
      });
      live.begin(deps.now());
      const idle = untilIdle();
      void follow(id, async (signal) => {
        if (await deps.save()) return server.runSaved(request, signal);
        return server.runGraph({ graph: deps.graph(), ...request }, signal);
      });
      await idle;
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
      const idle = untilIdle();
      if (shown !== turn) {
        live.show(runState);
        void resume(turn, runState);
      } else if (following.signal.aborted) void resume(turn, live.getState().runState ?? runState);
      await idle;
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
      notifyIdle();
    },
    close() {
      following.abort();
      endWatch();
    },
  });
}

/** Keeps the code and issues of a server error. */
function toData(error: unknown): ErrorData {
  const { code, issues } = error as { code?: ErrorData["code"]; issues?: ErrorData["issues"] };
  const data = errorData(error);
  return { ...data, ...(code ? { code } : {}), ...(issues ? { issues } : {}) };
}

/** The turns of the whole graph that have a reply, as the history of a run; empty when there are none. */
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

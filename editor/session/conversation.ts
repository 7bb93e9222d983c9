/** The chat with the draft: turns, each with the state of its run. The canvas shows the run of one turn. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { type ErrorData, errorData } from "../../runtime/error.ts";
import type { RunEvent, RunInput, RunItem, WaitDecision } from "../../runtime/event.ts";
import type { Graph } from "../../runtime/graph.ts";
import { withoutReplaced } from "../../runtime/replaced-turns.ts";
import { type FollowOptions, followRun } from "../api/follow-run.ts";
import { pinsOf } from "../graph/pins.ts";
import type { ConversationStorage, RunPart } from "./kept-conversation.ts";
import type { LiveRun } from "./live-run.ts";
import { isBusy, isOver, type RunState } from "./run-state.ts";
import { earlierTurn, earlierTurns, type RunOptions, type Turn } from "./turn.ts";

export interface ConversationState {
  session: string;
  turns: readonly Turn[];
  /** The displayed run is working: it has not ended, and does not only wait for a person. */
  busy: boolean;
  /** Id of the turn whose run the canvas shows. */
  shown?: number;
  /** Whether the turns of an earlier visit are loaded. */
  earlier: "loaded" | "loading" | "failed";
}

export interface Conversation extends StoreApi<ConversationState> {
  /** Loads the turns of an earlier visit, shows the last run and follows it. A failure is in `earlier`. */
  load(): Promise<void>;
  /** Sends a message. Resolves when the run has ended or only waits for a person. Does nothing while busy or loading. */
  send(input: RunInput, options?: RunOptions): Promise<void>;
  /**
   * Sends a decision to a turn's run, also while other parts of the run work. Resolves when the run has ended or only waits
   * again. A rejected decision is the turn's `error`.
   */
  answer(turn: number, answer: WaitDecision): Promise<void>;
  /** Sends a turn's message again, in place of the turn if it is the last; follows its run again if that has not ended. */
  retry(turn: number): Promise<void>;
  /** Stops the run on the server. */
  cancel(): Promise<void>;
  /** Shows a turn's run on the canvas. */
  show(turn: number): void;
  /** Starts a new session. The old one stays under Sessions. */
  restart(): void;
  close(): void;
}

type RunRequest = { input: RunInput; session?: string } & Pick<RunOptions, "pins" | "range" | "replaces">;

export interface ConversationDeps {
  live: LiveRun;
  /** Saves the draft. False when it cannot be saved: the request then contains the graph. */
  save(): Promise<boolean>;
  graph(): Graph;
  newId(): string;
  now(): number;
  kept: ConversationStorage;
  /** For tests. */
  pause?: FollowOptions<RunItem>["pause"];
  server: {
    runSaved(request: RunRequest, signal: AbortSignal): AsyncIterable<RunItem>;
    runGraph(request: RunRequest & { graph: Graph }, signal: AbortSignal): AsyncIterable<RunItem>;
    follow(run: string, after: number, signal: AbortSignal): AsyncIterable<RunItem>;
    /** The ids of a session's runs. */
    sessionRuns(session: string, signal: AbortSignal): Promise<string[]>;
    /** The stored events of a run; undefined when the run no longer exists. */
    events(run: string, signal: AbortSignal): Promise<RunEvent[] | undefined>;
    answer(run: string, answer: WaitDecision): Promise<unknown>;
    cancel(run: string): Promise<unknown>;
  };
}

/** How many turns of an earlier visit are loaded. */
const MAX_EARLIER = 30;

export function createConversation(deps: ConversationDeps): Conversation {
  const { live, server } = deps;
  const begun = deps.kept.read();
  const store = createStore<ConversationState>(() => ({
    session: begun?.session ?? deps.newId(),
    turns: [],
    busy: false,
    earlier: begun ? "loading" : "loaded",
  }));
  /** Ends when the conversation is replaced or closed. */
  let open = new AbortController();
  let parts = begun?.parts ?? [];
  let loading: Promise<void> | undefined;
  /** Ends following the displayed turn's run. Aborted when no run is followed. */
  let following = new AbortController();
  following.abort();
  const idleListeners: (() => void)[] = [];
  let count = 0;

  const change = (id: number, more: Partial<Turn>) =>
    store.setState((state) => ({ turns: state.turns.map((turn) => (turn.id === id ? { ...turn, ...more } : turn)) }));
  const turnOf = (id: number) => store.getState().turns.find((turn) => turn.id === id);
  const runStateOf = (id: number) => turnOf(id)?.runState;
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

  /** A reload of the page continues this session, and shows this run of a part. */
  function keep(part?: (typeof parts)[number]): void {
    if (part) parts = [...parts, part].slice(-MAX_EARLIER);
    deps.kept.write({ session: store.getState().session, parts });
  }

  /** Follows a turn's run on the canvas to its end, across waits, until another turn is shown. */
  async function follow(
    turn: number,
    begin: (signal: AbortSignal) => Promise<AsyncIterable<RunItem>>,
    known?: { run: string; seq: number },
  ): Promise<void> {
    following.abort();
    const own = new AbortController();
    following = own;
    const { signal } = own;
    const { runState } = live.getState();
    store.setState({ busy: !known || (runState !== undefined && isBusy(runState.view)), shown: turn });
    const part = known ? undefined : turnOf(turn)?.part;
    try {
      await followRun(
        await begin(signal),
        {
          signal,
          pause: deps.pause,
          reopen: (run, after) => server.follow(run, after, signal),
          onLost: () => live.setLost(true),
          onItem: (item) => {
            if (signal.aborted) return;
            if (item.type === "run-start" && part) keep({ run: item.run, ...part });
            live.push(item);
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

  function load(): Promise<void> {
    loading ??= loadEarlier().finally(() => {
      loading = undefined;
    });
    return loading;
  }

  async function loadEarlier(): Promise<void> {
    if (store.getState().earlier === "loaded") return;
    store.setState({ earlier: "loading" });
    const { signal } = open;
    const known = new Set(store.getState().turns.map((turn) => turn.runState?.view.id));
    let read: { run: string; events: RunEvent[] | undefined }[];
    try {
      const session = await server.sessionRuns(store.getState().session, signal);
      const runs = [...new Set([...session, ...parts.map((part) => part.run)])]
        .filter((run) => !known.has(run))
        // Ids of runs are in order of time.
        .sort()
        .slice(-MAX_EARLIER);
      read = await Promise.all(runs.map(async (run) => ({ run, events: await server.events(run, signal) })));
    } catch {
      if (!signal.aborted) store.setState({ earlier: "failed" });
      return;
    }
    if (signal.aborted) return;
    const found = read.flatMap(({ run, events = [] }) => {
      const { run: _run, ...part } = parts.find((one) => one.run === run) ?? {};
      const turn = earlierTurn(++count, events, "node" in part ? (part as RunPart) : undefined);
      return turn ? { run, turn, replaces: turn.runState?.view.start?.replaces } : [];
    });
    const kept = new Set(withoutReplaced(found.filter(({ turn }) => !turn.part)));
    const earlier = found.filter((one) => one.turn.part || kept.has(one)).map((one) => one.turn);
    const { turns, shown } = store.getState();
    store.setState({ turns: [...earlier, ...turns], earlier: "loaded" });
    const last = earlier.at(-1);
    if (!last || shown !== undefined || turns.length > 0) return;
    live.show(last.runState);
    store.setState({ shown: last.id });
    if (!isOver(last.runState!.view)) void resume(last.id, last.runState!);
  }

  async function send(input: RunInput, options: RunOptions = {}): Promise<void> {
    if (store.getState().busy || store.getState().earlier === "loading") return;
    const id = ++count;
    const { session, turns } = store.getState();
    keep();
    const { part, range, replaces, pins = pinsOf(deps.graph()) } = options;
    const pinCount = Object.keys(pins).length;
    const request: RunRequest = {
      ...(part ? { input: { ...earlierTurns(turns), ...input } } : { input, session }),
      ...(pinCount > 0 && { pins }),
      ...(range && { range }),
      ...(replaces !== undefined && { replaces }),
    };
    following.abort();
    store.setState({
      turns: [...turns, { id, input, part, pins: pinCount, ...(part && { options }) }],
      busy: true,
    });
    live.begin(deps.now());
    const idle = untilIdle();
    void follow(id, async (signal) => {
      if (await deps.save()) return server.runSaved(request, signal);
      return server.runGraph({ graph: deps.graph(), ...request }, signal);
    });
    await idle;
  }

  return Object.assign(store, {
    load,
    send,
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
    async retry(turn: number) {
      const { busy, shown } = store.getState();
      const one = turnOf(turn);
      if (!one || busy) return;
      if (!one.runState || isOver(one.runState.view)) {
        const isLast = store.getState().turns.findLast((turn) => !turn.part) === one;
        if (one.part || !isLast) return send(one.input, one.options);
        const replaces = one.runState?.view.id;
        store.setState(({ turns }) => ({ turns: turns.filter((other) => other !== one) }));
        return send(one.input, replaces === undefined ? {} : { replaces });
      }
      change(turn, { error: undefined });
      if (shown !== turn) live.show(one.runState);
      const idle = untilIdle();
      void resume(turn, live.getState().runState ?? one.runState);
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
      open.abort();
      open = new AbortController();
      live.show(undefined);
      parts = [];
      deps.kept.write(undefined);
      store.setState({ session: deps.newId(), turns: [], busy: false, shown: undefined, earlier: "loaded" });
      notifyIdle();
    },
    close() {
      following.abort();
      open.abort();
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

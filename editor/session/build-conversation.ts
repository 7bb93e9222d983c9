/**
 * Building by chat: the requests, the proposed patches and their outcomes, while the agent is open. Does not change the
 * graph: the panel applies a patch when the person accepts it.
 */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Graph } from "../../runtime/graph.ts";
import type { Patch } from "../../runtime/patch.ts";

export interface BuildMessage {
  role: "user" | "assistant";
  content: string;
}

export interface BuildTurn {
  id: number;
  request: string;
  state: "asking" | "proposed" | "applied" | "refused" | "stopped" | "failed";
  patch?: Patch;
  /** Indices of the parts that the person has deselected. */
  unticked: ReadonlySet<number>;
  /** Indices of the applied parts. */
  applied?: ReadonlySet<number>;
  error?: unknown;
}

export interface BuildState {
  turns: readonly BuildTurn[];
  /** Absent: the first model that can do it. */
  model?: string;
  /** The unsent request. */
  draft: string;
}

export interface BuildConversation extends StoreApi<BuildState> {
  /** Requests a patch of the current graph; an undecided proposal counts as refused. Does nothing while a request is pending. */
  ask(request: string, model: string): Promise<void>;
  /** Repeats the last request after a failure or a stop. */
  retry(model: string): Promise<void>;
  stop(): void;
  setTicked(turn: number, parts: readonly number[], on: boolean): void;
  refuse(turn: number): void;
  markApplied(turn: number, parts: ReadonlySet<number>): void;
  restart(): void;
  close(): void;
}

export interface BuildDeps {
  graph(): Graph;
  propose(
    request: { graph: Graph; conversation: BuildMessage[]; model: string },
    signal: AbortSignal,
  ): Promise<{ patch: Patch }>;
}

/** The longest message that the server accepts, and how many earlier turns are sent. */
const MAX_MESSAGE = 20_000;
const MAX_TURNS = 20;

export function createBuildConversation(deps: BuildDeps): BuildConversation {
  const store = createStore<BuildState>(() => ({ turns: [], draft: "" }));
  let abort: AbortController | undefined;
  let made = 0;
  const change = (id: number, next: Partial<BuildTurn>) =>
    store.setState((state) => ({ turns: state.turns.map((turn) => (turn.id === id ? { ...turn, ...next } : turn)) }));
  const ask = async (request: string, model: string): Promise<void> => {
    if (abort) return;
    const mine = new AbortController();
    abort = mine;
    const id = made++;
    const past = store
      .getState()
      .turns.map((turn) => (turn.state === "proposed" ? { ...turn, state: "refused" as const } : turn));
    store.setState({ turns: [...past, { id, request, state: "asking", unticked: new Set() }] });
    try {
      const { patch } = await deps.propose(
        { graph: deps.graph(), conversation: conversationMessages(past, request), model },
        mine.signal,
      );
      mine.signal.throwIfAborted();
      change(id, { state: "proposed", patch });
    } catch (error) {
      change(id, mine.signal.aborted ? { state: "stopped" } : { state: "failed", error });
    } finally {
      if (abort === mine) abort = undefined;
    }
  };
  const stop = () => {
    abort?.abort();
    abort = undefined;
  };
  return Object.assign(store, {
    ask,
    async retry(model: string) {
      const last = store.getState().turns.at(-1);
      if (!last || (last.state !== "failed" && last.state !== "stopped")) return;
      store.setState((state) => ({ turns: state.turns.slice(0, -1) }));
      await ask(last.request, model);
    },
    stop,
    setTicked(turn: number, parts: readonly number[], on: boolean) {
      const old = store.getState().turns.find((one) => one.id === turn);
      if (old?.state !== "proposed") return;
      const unticked = new Set(old.unticked);
      for (const part of parts) {
        if (on) unticked.delete(part);
        else unticked.add(part);
      }
      change(turn, { unticked });
    },
    refuse: (turn: number) => change(turn, { state: "refused" }),
    markApplied: (turn: number, parts: ReadonlySet<number>) => change(turn, { state: "applied", applied: parts }),
    restart() {
      stop();
      store.setState({ turns: [] });
    },
    close: stop,
  });
}

/** The messages for the model: requests, its patches, and the outcome of each patch before the next request. */
export function conversationMessages(turns: readonly BuildTurn[], request: string): BuildMessage[] {
  const messages: BuildMessage[] = [];
  let outcome = "";
  for (const turn of turns.filter((one) => one.patch !== undefined).slice(-MAX_TURNS)) {
    const whole = JSON.stringify(turn.patch);
    messages.push(
      { role: "user", content: cut(outcome + turn.request) },
      { role: "assistant", content: whole.length <= MAX_MESSAGE ? whole : cut(turn.patch?.summary ?? "") },
    );
    outcome = `(${outcomeText(turn)})\n`;
  }
  return [...messages, { role: "user", content: cut(outcome + request) }];
}

function outcomeText({ state, patch, applied }: BuildTurn): string {
  if (state !== "applied" || !applied) return "I did not apply that patch.";
  const refused = (patch?.parts ?? []).flatMap((_part, index) => (applied.has(index) ? [] : [index + 1]));
  return refused.length === 0
    ? "I applied that patch."
    : `I applied that patch without its parts ${refused.join(", ")}.`;
}

const cut = (text: string) => text.slice(0, MAX_MESSAGE);

/** One conversation as the page shows it: messages, the answer under way, what waits. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Wait, WaitAnswer } from "../../runtime/event.ts";
import type { Document, FileRef } from "../../runtime/message.ts";
import { type HostedItem, type Line, Refusal } from "./visit.ts";

export interface Said {
  id: number;
  from: "user" | "agent";
  text: string;
  files?: FileRef[];
  documents?: Document[];
  waits?: Pick<Wait, "wait" | "kind" | "question" | "call">[];
  /** The visitor may not answer; the owner must. */
  owner?: boolean;
  error?: string;
  stopped?: boolean;
}

export interface TalkState {
  said: readonly Said[];
  busy: boolean;
  lost: boolean;
  run?: string;
}

export interface Talk extends StoreApi<TalkState> {
  load(): Promise<void>;
  send(message: string, files?: FileRef[]): Promise<void>;
  answer(answer: WaitAnswer): Promise<void>;
  stop(): Promise<void>;
  close(): void;
}

const TRIES = 6;

export function createTalk(line: Line): Talk {
  const store = createStore<TalkState>(() => ({ said: [], busy: false, lost: false }));
  const gone = new AbortController();
  let count = 0;

  const add = (said: Omit<Said, "id">): number => {
    const id = ++count;
    store.setState((state) => ({ said: [...state.said, { ...said, id }] }));
    return id;
  };
  const change = (id: number, more: Partial<Said>) =>
    store.setState((state) => ({ said: state.said.map((one) => (one.id === id ? { ...one, ...more } : one)) }));

  /** Follows a run into message `id`, over lost connections. */
  async function follow(id: number, open: () => Promise<AsyncIterable<HostedItem>>): Promise<void> {
    store.setState({ busy: true });
    let run: string | undefined;
    let seq = -1;
    let next = open;
    try {
      for (let tries = 0; ; ) {
        try {
          for await (const item of await next()) {
            store.setState({ lost: false });
            tries = 0;
            if (item.type === "error") throw new Refusal(500, item.error.message);
            run = item.run;
            if (item.type !== "delta") seq = item.seq;
            store.setState({ run });
            if (take(id, item)) return;
          }
          // The server ends the stream of a run that waits.
          if (store.getState().said.find((one) => one.id === id)?.waits?.length) return;
        } catch (error) {
          if (gone.signal.aborted) return;
          if (error instanceof Refusal) {
            change(id, { error: error.message });
            return;
          }
          if (run === undefined || ++tries > TRIES) {
            change(id, { error: "offline" });
            return;
          }
        }
        store.setState({ lost: true });
        await new Promise((resolve) => setTimeout(resolve, Math.min(4000, 200 * 2 ** tries)));
        const known = run!;
        next = () => line.follow(known, seq, gone.signal);
      }
    } finally {
      store.setState({ busy: false, lost: false });
    }
  }

  /** Takes one item in; true when the run ended. */
  function take(id: number, item: HostedItem): boolean {
    const now = store.getState().said.find((one) => one.id === id);
    switch (item.type) {
      case "delta":
        // A reader who came late, or a second try of the model, begins again at 0.
        change(id, { text: item.offset === 0 ? item.text : (now?.text ?? "") + item.text });
        return false;
      case "run-wait":
        change(id, { waits: [...(now?.waits ?? []), ...item.waits] });
        return false;
      case "run-end": {
        const { reply, documents } = item.output;
        change(id, {
          text: typeof reply === "string" ? reply : JSON.stringify(reply, null, 2),
          waits: undefined,
          ...(documents ? { documents } : {}),
        });
        return true;
      }
      case "run-fail":
        change(id, { error: item.error.message, waits: undefined });
        return true;
      case "run-cancel":
        change(id, { stopped: true, waits: undefined });
        return true;
      default:
        return false;
    }
  }

  return Object.assign(store, {
    async load() {
      const past = await line.past();
      for (const { role, content } of past) add({ from: role === "user" ? "user" : "agent", text: content });
    },
    async send(message: string, files: FileRef[] = []) {
      if (store.getState().busy) return;
      add({ from: "user", text: message, ...(files.length ? { files } : {}) });
      const id = add({ from: "agent", text: "" });
      await follow(id, () =>
        line.ask({ message, ...(files.length ? { files: files.map((file) => file.id) } : {}) }, gone.signal),
      );
    },
    async answer(answer: WaitAnswer) {
      const { run, said } = store.getState();
      const waiting = said.findLast((one) => one.waits?.length);
      if (!run || !waiting) return;
      let stream: AsyncIterable<HostedItem>;
      store.setState({ busy: true });
      try {
        stream = await line.answer(run, answer, gone.signal);
      } catch (error) {
        // Without the right to answer, the visitor waits with the run.
        if (error instanceof Refusal && error.status === 403) change(waiting.id, { owner: true });
        else change(waiting.id, { error: error instanceof Refusal ? error.message : "offline" });
        store.setState({ busy: false });
        return;
      }
      change(waiting.id, { waits: waiting.waits?.filter((wait) => wait.wait !== answer.wait), error: undefined });
      await follow(waiting.id, async () => stream);
    },
    async stop() {
      const { run } = store.getState();
      if (run) await line.cancel(run);
    },
    close() {
      gone.abort();
    },
  });
}

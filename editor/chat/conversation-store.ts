/** The store of one conversation: messages, the current reply and pending approvals. Survives lost connections. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { WaitDecision } from "../../runtime/event.ts";
import type { Document, FileRef } from "../../runtime/message.ts";
import type { HostedItem, HostedStep, HostedWait } from "../../server/contract/hosted-item.ts";
import { ApiError } from "../api/call.ts";
import { followRun } from "../api/follow-run.ts";
import type { PastTurn, Rating, VisitClient } from "./visit.ts";

export interface ChatMessage {
  id: number;
  from: "user" | "agent";
  text: string;
  files?: FileRef[];
  /** Values of the agent's input fields; absent for a message of an earlier visit. */
  fields?: Record<string, unknown>;
  /** The run that produced the reply, once it has started. */
  run?: string;
  documents?: Document[];
  steps?: HostedStep[];
  /** Files that the reply refers to, and media created by tools if steps are shown. */
  media?: FileRef[];
  waits?: HostedWait[];
  rating?: Rating;
  /** "offline", or the server's message. */
  error?: string;
  stopped?: boolean;
}

export interface ConversationState {
  messages: readonly ChatMessage[];
  busy: boolean;
  /** The connection was lost; reconnecting. */
  lost: boolean;
  /** The state of the earlier messages. */
  history: "none" | "loading" | "loaded" | "failed";
}

export interface UserMessage {
  message: string;
  files?: FileRef[];
  /** Values of the agent's input fields. */
  fields?: Record<string, unknown>;
}

export interface ConversationStore extends StoreApi<ConversationState> {
  /** Loads the earlier messages, and continues a reply that is still being produced. */
  load(): Promise<void>;
  send(question: UserMessage): Promise<void>;
  /** Replaces a reply by another one to the same message. Later messages leave the conversation. */
  regenerate(id: number): Promise<void>;
  /** Sends a message in place of an earlier one. It and all later messages leave the conversation. */
  edit(id: number, text: string): Promise<void>;
  /** After a failure: follows the run again, or sends the message again if no run started. */
  retry(id: number): Promise<void>;
  decide(id: number, decision: WaitDecision): Promise<void>;
  rate(id: number, rating: Rating): Promise<void>;
  stop(): Promise<void>;
  /** Ends its requests. `open` makes it usable again, because React may mount a component twice. */
  close(): void;
  open(): void;
}

const ENDED: ReadonlySet<PastTurn["status"]> = new Set(["done", "failed", "cancelled"]);

type OpenStream = () => AsyncIterable<HostedItem>;

export function createConversationStore(client: VisitClient): ConversationStore {
  const store = createStore<ConversationState>(() => ({ messages: [], busy: false, lost: false, history: "none" }));
  let closed = new AbortController();
  /** How each message is sent again. */
  const requests = new Map<number, OpenStream>();
  let count = 0;
  /** The person pressed stop before the run was known. */
  let stopping = false;

  const cancel = async (run: string) => {
    stopping = false;
    await client.cancel(run).catch((error: unknown) => {
      // The run continues and is still followed.
      if (isRefused(error)) return;
      store.setState({ lost: true });
    });
  };
  const add = (message: Omit<ChatMessage, "id">): number => {
    const id = ++count;
    store.setState((state) => ({ messages: [...state.messages, { ...message, id }] }));
    return id;
  };
  const get = (id: number) => store.getState().messages.find((one) => one.id === id);
  const change = (id: number, more: Partial<ChatMessage>) =>
    store.setState((state) => ({ messages: state.messages.map((one) => (one.id === id ? { ...one, ...more } : one)) }));

  /** Follows a run into message `id` to its end, across lost connections and waits. */
  async function follow(id: number, open: OpenStream, known?: { run: string; seq: number }): Promise<void> {
    store.setState({ busy: !get(id)?.waits?.length });
    change(id, { error: undefined });
    try {
      await followRun(
        open(),
        {
          signal: closed.signal,
          resend: open,
          reopen: (run, after) => client.follow(run, after, closed.signal),
          onLost: () => store.setState({ lost: true }),
          onItem: (item) => {
            store.setState({ lost: false });
            take(id, item);
          },
        },
        known,
      );
    } catch (error) {
      if (!closed.signal.aborted) change(id, { error: reasonOf(error) });
    } finally {
      store.setState({ busy: false, lost: false });
    }
  }

  /** The stream of a known run from its first event. */
  const followAll = (id: number, run: string) =>
    follow(id, () => client.follow(run, -1, closed.signal), { run, seq: -1 });

  function take(id: number, item: HostedItem): void {
    const now = get(id);
    switch (item.type) {
      case "run-start":
        change(id, { run: item.run });
        if (stopping) void cancel(item.run);
        return;
      case "delta":
        // Offset 0 restarts the text: a late reader, or another attempt of the model.
        change(id, { run: item.run, text: item.offset === 0 ? item.text : (now?.text ?? "") + item.text });
        return;
      case "tool-start":
      case "tool-end":
      case "retrieval":
        change(id, {
          steps: withStep(now?.steps ?? [], item.step),
          ...(item.files && { media: [...(now?.media ?? []), ...item.files] }),
        });
        return;
      case "run-wait":
        change(id, { run: item.run, waits: [...(now?.waits ?? []), ...item.waits] });
        store.setState({ busy: false });
        return;
      case "run-resume": {
        const answered = new Set(item.answered);
        const waits = now?.waits?.filter((wait) => !answered.has(wait.wait));
        change(id, { waits });
        store.setState({ busy: !waits?.length });
        return;
      }
      case "run-end":
        change(id, { ...replyOf(item.output), waits: undefined, ...(item.files && { media: item.files }) });
        return;
      case "run-fail":
        change(id, { error: item.error.message, waits: undefined });
        return;
      case "run-cancel":
        change(id, { stopped: true, waits: undefined });
        return;
    }
  }

  async function send({ message, files = [], fields = {} }: UserMessage, replaces?: string): Promise<void> {
    if (store.getState().busy) return;
    add({ from: "user", text: message, fields, ...(files.length > 0 && { files }) });
    const id = add({ from: "agent", text: "" });
    const input = { ...fields, message, ...(files.length > 0 && { files: files.map((file) => file.id) }) };
    stopping = false;
    const once = newIdempotencyKey();
    const ask: OpenStream = () => client.send(input, { once, replaces }, closed.signal);
    requests.set(id, ask);
    await follow(id, ask);
  }

  /** Sends a message in place of `question`, unless a reply is produced or waits for a decision. */
  async function replace({ id, files, fields }: ChatMessage, message: string): Promise<void> {
    const { messages, busy } = store.getState();
    if (busy || messages.some((one) => one.waits?.length)) return;
    // A message whose run did not start is not part of the conversation on the server.
    const replaces = messages.find((one) => one.id > id && one.run !== undefined)?.run;
    store.setState({ messages: messages.filter((one) => one.id < id) });
    await send({ message, files, fields }, replaces);
  }

  return Object.assign(store, {
    open() {
      if (closed.signal.aborted) closed = new AbortController();
    },
    async load() {
      const { signal } = closed;
      store.setState({ history: "loading" });
      let turns: PastTurn[];
      try {
        turns = await client.turns();
      } catch {
        if (!signal.aborted) store.setState({ history: "failed" });
        return;
      }
      if (signal.aborted) return;
      store.setState({ history: "loaded" });
      for (const turn of turns.filter((one) => !one.replaced)) {
        add(userMessageOf(turn));
        const id = add(agentMessageOf(turn));
        if (turn === turns.findLast((one) => !one.replaced) && !ENDED.has(turn.status)) {
          // The stream repeats everything from the start, pending approvals included.
          change(id, { waits: undefined, steps: undefined, media: undefined });
          void followAll(id, turn.run);
        }
      }
    },
    send,
    async regenerate(id: number) {
      const question = store.getState().messages.findLast((one) => one.id < id && one.from === "user");
      if (question) await replace(question, question.text);
    },
    async edit(id: number, text: string) {
      const question = get(id);
      if (question) await replace(question, text);
    },
    async retry(id: number) {
      const { run } = get(id) ?? {};
      const ask = requests.get(id);
      if (store.getState().busy) return;
      if (run !== undefined) {
        change(id, { text: "", steps: undefined, media: undefined, waits: undefined });
        await followAll(id, run);
      } else if (ask) await follow(id, ask);
    },
    async decide(id: number, decision: WaitDecision) {
      const { run } = get(id) ?? {};
      if (run === undefined || store.getState().busy) return;
      store.setState({ busy: true });
      try {
        // The result arrives on the stream that `follow` reads.
        await client.decide(run, decision);
        change(id, { error: undefined });
      } catch (error) {
        change(id, { error: reasonOf(error) });
        store.setState({ busy: false });
      }
    },
    async rate(id: number, rating: Rating) {
      const { run, rating: before } = get(id) ?? {};
      if (run === undefined) return;
      change(id, { rating });
      try {
        await client.rate(run, rating);
      } catch (error) {
        change(id, { rating: before });
        throw error;
      }
    },
    async stop() {
      const run = store.getState().messages.at(-1)?.run;
      if (run !== undefined) await cancel(run);
      else stopping = true;
    },
    close() {
      closed.abort();
    },
  });
}

/** The server responded with an error. */
function isRefused(error: unknown): error is ApiError {
  return error instanceof ApiError && error.status > 0;
}

/** The server's message, or "offline" if it did not respond. */
function reasonOf(error: unknown): string {
  const { cause = error } = error as { cause?: unknown };
  return isRefused(cause) ? cause.message : "offline";
}

function replyOf({ reply, documents }: NonNullable<PastTurn["output"]>): Pick<ChatMessage, "text" | "documents"> {
  return {
    text:
      typeof reply === "string" ? reply : isFile(reply) ? "" : `\`\`\`json\n${JSON.stringify(reply, null, 2)}\n\`\`\``,
    ...(documents && { documents }),
  };
}

/** The reply is a file made by a tool, and is shown as a file. */
function isFile(reply: unknown): boolean {
  return typeof reply === "object" && reply !== null && "artifact" in reply && "mediaType" in reply;
}

/** Replaces the running entry of the same call, or appends the step. */
function withStep(steps: readonly HostedStep[], step: HostedStep): HostedStep[] {
  const begun =
    step.kind === "tool" && step.state !== "running"
      ? steps.findLastIndex((one) => one.kind === "tool" && one.call === step.call && one.state === "running")
      : -1;
  const before = steps[begun];
  if (before?.kind !== "tool" || step.kind !== "tool") return [...steps, step];
  return steps.with(begun, { ...before, state: step.state });
}

function userMessageOf(turn: PastTurn): Omit<ChatMessage, "id"> {
  const asked = turn.messages.find((message) => message.role === "user")?.content;
  if (typeof asked === "string") return { from: "user", text: asked };
  const parts = (asked ?? []) as ({ type: "text"; text: string } | { type: "file"; file: FileRef })[];
  return {
    from: "user",
    text: parts.flatMap((part) => (part.type === "text" ? part.text : [])).join("\n"),
    files: parts.flatMap((part) => (part.type === "file" ? part.file : [])),
  };
}

function agentMessageOf({
  run,
  status,
  output,
  error,
  waits,
  steps,
  files,
  rating,
}: PastTurn): Omit<ChatMessage, "id"> {
  return {
    from: "agent",
    run,
    ...(output ? replyOf(output) : { text: "" }),
    ...(error && { error: error.message }),
    ...(waits && { waits }),
    ...(steps && { steps }),
    ...(files && { media: files }),
    ...(rating && { rating }),
    ...(status === "cancelled" && { stopped: true }),
  };
}

/** A unique idempotency key. `randomUUID` is not available on plain HTTP. */
function newIdempotencyKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

import { describe, expect, it, vi } from "vitest";
import type { Delta, EventBody, RunEvent, RunItem } from "../../runtime/event.ts";
import { followRun } from "../api/follow-run.ts";
import { smallGraph } from "../e2e/graphs.ts";
import { createConversation } from "./conversation.ts";
import { createLiveRun, streamedTextOf, viewOf } from "./live-run.ts";
import { foldAll, newRunState } from "./run-state.ts";

let seq = 0;
const event = (at: number, body: EventBody): RunEvent => ({ run: "r1", seq: seq++, at, ...body }) as RunEvent;
const delta = (text: string, offset: number): Delta => ({
  type: "delta",
  run: "r1",
  node: "brain",
  kind: "text",
  offset,
  text,
  answer: true,
});

function story(): RunEvent[] {
  seq = 0;
  return [
    event(100, { type: "run-start", agent: { name: "x", graph: "h" }, input: { message: "hi" } }),
    event(100, { type: "node-start", node: "brain" }),
    event(110, {
      type: "prompt-built",
      node: "brain",
      step: 0,
      model: "m/x",
      format: "native",
      pieces: [],
      tokens: 5,
      limit: 100,
      keep: 0,
      messages: [],
    }),
    event(150, {
      type: "message",
      node: "brain",
      step: 0,
      model: "m/x",
      message: { role: "assistant", content: "", calls: [{ id: "c", name: "clock" }] },
      reason: "tools",
      ms: 40,
    }),
    event(150, {
      type: "tool-start",
      node: "brain",
      call: { id: "c", name: "clock", arguments: {} },
      tool: "builtin/clock",
      argsHash: "",
      idempotencyKey: "",
    }),
    event(170, { type: "tool-end", node: "brain", call: "c", result: { content: "noon" }, ms: 20 }),
    event(171, {
      type: "prompt-built",
      node: "brain",
      step: 1,
      model: "m/x",
      format: "native",
      pieces: [],
      tokens: 9,
      limit: 100,
      keep: 0,
      messages: [],
    }),
    event(220, {
      type: "message",
      node: "brain",
      step: 1,
      model: "m/x",
      message: { role: "assistant", content: "It is noon." },
      reason: "stop",
      ms: 49,
    }),
    event(221, { type: "node-end", node: "brain", outputs: { text: "It is noon." } }),
    event(222, { type: "run-end", output: { reply: "It is noon." } }),
  ];
}

describe("the state of a run", () => {
  it("has the streamed text of the current step", () => {
    const events = story();
    let runState = foldAll(newRunState(0), events.slice(0, 3));
    runState = foldAll(runState, [delta("I look ", 0), delta("at the clock", 7)]);
    expect(runState.streamed.get("brain")?.text).toBe("I look at the clock");
    runState = foldAll(runState, [...events.slice(3, 7), delta("It is", 0)]);
    expect(runState.streamed.get("brain")).toMatchObject({ text: "It is", answer: true });
    // A late subscriber gets the text so far again, from offset 0.
    runState = foldAll(runState, [delta("It is noon", 0)]);
    expect(runState.streamed.get("brain")?.text).toBe("It is noon");
  });

  it("does not change when a later state is folded from it", () => {
    const events = story();
    const early = foldAll(newRunState(0), events.slice(0, 4));
    const before = JSON.stringify([...early.view.nodes]);
    foldAll(early, events);
    expect(JSON.stringify([...early.view.nodes])).toBe(before);
    expect(early.view.status).toBe("running");
  });

  it("collects deltas until the next frame", () => {
    const frames: (() => void)[] = [];
    const live = createLiveRun((call) => frames.push(call));
    let drawn = 0;
    live.subscribe(() => drawn++);
    live.begin(0);
    for (const one of story().slice(0, 3)) live.push(one);
    for (let n = 0; n < 500; n++) live.push(delta("x", n));
    expect([frames.length, drawn]).toEqual([1, 1]);
    frames[0]?.();
    expect(drawn).toBe(2);
    expect(streamedTextOf(live.getState(), "brain")?.text).toHaveLength(500);
    expect(viewOf(live.getState(), "brain")?.status).toBe("running");
  });
});

async function* streamOf(items: RunItem[], broken = false): AsyncGenerator<RunItem> {
  yield* items;
  if (broken) throw new TypeError("network error");
}

describe("following a run", () => {
  const follow = (reopen: (run: string, after: number) => AsyncIterable<RunItem>, seen: RunItem[]) => ({
    signal: new AbortController().signal,
    reopen,
    onItem: (item: RunItem) => void seen.push(item),
    pause: async () => {},
  });

  it("continues from the last event after each lost connection", async () => {
    const events = story();
    const seen: RunItem[] = [];
    const asked: number[] = [];
    await followRun(
      streamOf(events.slice(0, 2), true),
      follow((_run, after) => {
        asked.push(after);
        return streamOf(events.slice(after + 1, after + 4), after < 6);
      }, seen),
    );
    expect(seen).toEqual(events);
    expect(asked).toEqual([1, 4, 7]);
  });

  it("rejects with connection_lost when the server stays unavailable", async () => {
    const promise = followRun(
      streamOf(story().slice(0, 1), true),
      follow(() => streamOf([], true), []),
    );
    await expect(promise).rejects.toMatchObject({ code: "connection_lost" });
  });

  it("sends an idempotent request again, and rejects with the server's error before the first event", async () => {
    const events = story();
    const seen: RunItem[] = [];
    let asked = 0;
    const resend = () => (++asked < 3 ? streamOf([], true) : streamOf(events));
    await followRun(streamOf([], true), { ...follow(() => streamOf([]), seen), resend });
    expect([asked, seen]).toEqual([3, events]);
    const down = Object.assign(new Error("Down."), { status: 503 });
    async function* no(): AsyncGenerator<RunItem> {
      yield* [];
      throw down;
    }
    await expect(followRun(no(), { ...follow(() => streamOf([]), []), resend })).rejects.toBe(down);
    // After the first event, the same error is a lost connection.
    let tries = 0;
    const back = () => (++tries < 3 ? no() : streamOf(events.slice(1)));
    await followRun(streamOf(events.slice(0, 1), true), follow(back, seen));
    expect(tries).toBe(3);
  });

  it("rejects with the server's refusal", async () => {
    const refused = Object.assign(new Error("The graph has issues."), { status: 422, code: "graph_has_issues" });
    async function* no(): AsyncGenerator<RunItem> {
      yield* [];
      throw refused;
    }
    await expect(
      followRun(
        no(),
        follow(() => streamOf([]), []),
      ),
    ).rejects.toBe(refused);
  });
});

/** A stream of the pushed events, until `end`. */
function channel() {
  const items: RunEvent[] = [];
  let ended = false;
  let wake = () => {};
  async function* read(): AsyncGenerator<RunItem> {
    for (;;) {
      for (const event of items.splice(0)) yield event;
      if (ended) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
  return {
    stream: read(),
    push(...events: RunEvent[]) {
      items.push(...events);
      wake();
    },
    end() {
      ended = true;
      wake();
    },
  };
}

describe("a conversation", () => {
  function talk(runs: (RunItem[] | AsyncIterable<RunItem>)[]) {
    const live = createLiveRun((call) => call());
    const sent: unknown[] = [];
    const next = () => {
      const run = runs.shift() ?? [];
      return Array.isArray(run) ? streamOf(run) : run;
    };
    const conversation = createConversation({
      live,
      save: async () => true,
      graph: smallGraph,
      newId: () => `session-${sent.length}`,
      now: () => 0,
      kept: { read: () => undefined, write: () => {} },
      pause: async () => {},
      server: {
        runSaved(request) {
          sent.push(request);
          return next();
        },
        runGraph(request) {
          sent.push(request);
          return next();
        },
        follow: () => next(),
        sessionRuns: async () => [],
        events: async () => undefined,
        answer: async (_run, answer) => void sent.push(answer),
        cancel: async () => {},
      },
    });
    return { live, conversation, sent };
  }

  it("keeps the run of each turn, in one session, and shows any of them on the canvas", async () => {
    const { conversation, live, sent } = talk([story(), story()]);
    await conversation.send({ message: "one" });
    await conversation.send({ message: "two" });
    const { turns, session, busy } = conversation.getState();
    expect(busy).toBe(false);
    expect(turns.map((turn) => [turn.input.message, turn.runState?.view.status])).toEqual([
      ["one", "done"],
      ["two", "done"],
    ]);
    expect(sent).toMatchObject([{ session }, { session }]);
    conversation.show(1);
    expect(live.getState().runState).toBe(turns[0]?.runState);
    conversation.restart();
    expect(conversation.getState()).toMatchObject({ turns: [] });
    expect(live.getState().runState).toBeUndefined();
  });

  it("stops when the run waits for a person, and continues in the same turn after the decision", async () => {
    const events = story();
    const wait = event(151, {
      type: "run-wait",
      waits: [{ wait: "w", key: "c", kind: "tool", node: "brain", question: "Call?" }],
    });
    const first = [...events.slice(0, 4), { ...wait, seq: 4 } as RunEvent];
    const rest = [
      { run: "r1", seq: 5, at: 200, type: "run-resume", answers: [{ wait: "w", choice: "approve" }] } as RunEvent,
      { ...events[9], seq: 6 } as RunEvent,
    ];
    const { conversation, sent } = talk([first, rest]);
    await conversation.send({ message: "one" });
    expect(conversation.getState().turns[0]?.runState?.view).toMatchObject({
      status: "waiting",
      waits: [{ wait: "w" }],
    });
    await conversation.answer(1, { wait: "w", choice: "approve" });
    expect(sent.at(-1)).toEqual({ wait: "w", choice: "approve" });
    expect(conversation.getState().turns[0]?.runState?.view).toMatchObject({ status: "done", waits: [] });
  });

  it("follows the run while one item waits and another works, and sends a decision meanwhile", async () => {
    const at = (seq: number, body: object) => ({ run: "r1", seq, at: seq, ...body }) as RunEvent;
    const item = (n: number) => [{ node: "each", item: n }];
    const wait = { wait: "w", key: "a", kind: "approval", node: "gate", scope: item(0), question: "Out?" };
    const feed = channel();
    const { conversation, live, sent } = talk([feed.stream]);
    const sending = conversation.send({ message: "one" });
    feed.push(
      at(0, { type: "run-start", agent: { name: "A", graph: "g" }, input: { message: "one" } }),
      at(1, { type: "node-start", node: "each" }),
      at(2, { type: "node-start", node: "gate", scope: item(0) }),
      at(3, { type: "run-wait", waits: [wait] }),
      at(4, { type: "node-start", node: "brain", scope: item(1) }),
    );
    await vi.waitFor(() => expect(live.getState().runState?.view.seq).toBe(4));
    expect(conversation.getState().busy).toBe(true);
    const answering = conversation.answer(1, { wait: "w", choice: "approve" });
    await vi.waitFor(() => expect(sent.at(-1)).toEqual({ wait: "w", choice: "approve" }));
    const again = { ...wait, wait: "w2", scope: item(1) };
    feed.push(
      at(5, { type: "run-resume", reason: "answer", answers: [{ wait: "w", choice: "approve" }] }),
      at(6, { type: "node-end", node: "gate", scope: item(0), outputs: {} }),
      at(7, { type: "node-end", node: "brain", scope: item(1), outputs: {} }),
      at(8, { type: "run-wait", waits: [again] }),
    );
    await Promise.all([sending, answering]);
    expect(conversation.getState()).toMatchObject({ busy: false, turns: [{ runState: { view: { waits: [again] } } }] });
    // A decision made elsewhere is followed, too.
    feed.push(
      at(9, { type: "run-resume", reason: "answer", answers: [{ wait: "w2", choice: "reject" }] }),
      at(10, { type: "run-end", output: { reply: "Out." } }),
    );
    feed.end();
    await vi.waitFor(() => expect(conversation.getState().turns[0]?.runState?.view.status).toBe("done"));
    expect(conversation.getState().busy).toBe(false);
  });
});

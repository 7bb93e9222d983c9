import { describe, expect, it, vi } from "vitest";
import type { EventBody, RunEvent, RunInput, RunItem } from "../../runtime/event.ts";
import { smallGraph } from "../e2e/graphs.ts";
import { createConversation } from "./conversation.ts";
import { conversationStorage } from "./kept-conversation.ts";
import { createLiveRun } from "./live-run.ts";

interface Request {
  input: RunInput;
  session?: string;
  range?: object;
  replaces?: string;
}

/** A server that stores runs, as long as it is up. */
function fakeServer() {
  const runs = new Map<string, { session?: string; events: RunEvent[] }>();
  const server = {
    up: true,
    /** How many events of the next run happen before it is left running. */
    stopAfter: 2,
    runs,
    events: (run: string) => runs.get(run)!.events,
    begin(request: Request): RunEvent[] {
      if (!server.up) throw Object.assign(new Error("The server is not responding."), { code: "network" });
      const run = `run-${runs.size + 1}`;
      const bodies: EventBody[] = [
        {
          type: "run-start",
          agent: { name: "x", graph: "h" },
          input: request.input,
          ...(request.session && { session: request.session }),
          ...(request.range && { range: request.range }),
          ...(request.replaces && { replaces: request.replaces }),
        },
        { type: "run-end", output: { reply: `Reply to ${request.input.message}` } },
      ];
      const events = bodies.map((body, seq) => ({ run, seq, at: seq, ...body }) as RunEvent);
      runs.set(run, { session: request.session, events: events.slice(0, server.stopAfter) });
      return events;
    },
  };
  return server;
}

const memory = () => {
  const texts = new Map<string, string>();
  return {
    getItem: (key: string) => texts.get(key) ?? null,
    setItem: (key: string, text: string) => void texts.set(key, text),
    removeItem: (key: string) => void texts.delete(key),
  };
};

async function* streamOf(items: readonly RunItem[]): AsyncGenerator<RunItem> {
  yield* items;
}

/** A page that opens the agent. */
function openPage(server: ReturnType<typeof fakeServer>, storage: ReturnType<typeof memory>) {
  const live = createLiveRun((call) => call());
  const conversation = createConversation({
    live,
    save: async () => true,
    graph: smallGraph,
    newId: () => `session-${Math.random()}`,
    now: () => 0,
    kept: conversationStorage(storage, "a"),
    pause: async () => {},
    server: {
      runSaved: (request) => streamOf(server.begin(request)),
      runGraph: (request) => streamOf(server.begin(request)),
      follow: (run, after) => streamOf(server.events(run).slice(after + 1)),
      async sessionRuns(session) {
        if (!server.up) throw new Error("down");
        return [...server.runs].filter(([, run]) => run.session === session).map(([id]) => id);
      },
      events: async (run) => server.runs.get(run)?.events,
      answer: async () => {},
      cancel: async () => {},
    },
  });
  return { live, conversation };
}

const turnsOf = ({ conversation }: ReturnType<typeof openPage>) =>
  conversation.getState().turns.map((turn) => [turn.input.message, turn.part?.how, turn.runState?.view.status]);

describe("a conversation over several visits", () => {
  it("shows the turns of the earlier visit, runs of parts too, and continues its session", async () => {
    const server = fakeServer();
    const storage = memory();
    const first = openPage(server, storage);
    await first.conversation.load();
    await first.conversation.send({ message: "one" });
    await first.conversation.send(
      { message: "two" },
      { part: { how: "only", node: "brain" }, range: { only: "brain" }, pins: {} },
    );
    await first.conversation.send({ message: "three" });
    first.conversation.close();

    const second = openPage(server, storage);
    await second.conversation.load();
    const all = [
      ["one", undefined, "done"],
      ["two", "only", "done"],
      ["three", undefined, "done"],
    ];
    expect(turnsOf(second)).toEqual(all);
    expect(second.live.getState().runState?.view.output).toEqual({ reply: "Reply to three" });
    const { turns, shown, session } = second.conversation.getState();
    expect(shown).toBe(turns.at(-1)?.id);
    expect(session).toBe(first.conversation.getState().session);

    await second.conversation.retry(turns[1]!.id);
    expect(turnsOf(second)).toEqual([...all, ["two", "only", "done"]]);
    expect(server.runs.get("run-4")).toMatchObject({ session: undefined, events: [{ range: { only: "brain" } }, {}] });

    second.conversation.restart();
    const third = openPage(server, storage);
    await third.conversation.load();
    expect(turnsOf(third)).toEqual([]);
    expect(third.conversation.getState().session).not.toBe(session);
  });

  it("follows a run that the earlier visit left running", async () => {
    const server = fakeServer();
    const storage = memory();
    server.stopAfter = 1;
    const first = openPage(server, storage);
    void first.conversation.send({ message: "slow" });
    await vi.waitFor(() => expect(server.runs.size).toBe(1));
    first.conversation.close();
    const second = openPage(server, storage);
    const { events } = server.runs.get("run-1")!;
    await second.conversation.load();
    expect(second.conversation.getState()).toMatchObject({ busy: true });
    events.push({ run: "run-1", seq: 1, at: 1, type: "run-end", output: { reply: "Late" } });
    await vi.waitFor(() => expect(turnsOf(second)).toEqual([["slow", undefined, "done"]]));
    expect(second.live.getState().runState?.view.output).toEqual({ reply: "Late" });
  });

  it("says that the earlier turns could not be loaded, and loads them later", async () => {
    const server = fakeServer();
    const storage = memory();
    const first = openPage(server, storage);
    await first.conversation.send({ message: "one" });
    const second = openPage(server, storage);
    server.up = false;
    await second.conversation.load();
    expect(second.conversation.getState()).toMatchObject({ earlier: "failed", turns: [] });
    server.up = true;
    await second.conversation.load();
    expect(turnsOf(second)).toEqual([["one", undefined, "done"]]);
  });

  it("replaces a turn that is sent again, also for the next visit", async () => {
    const server = fakeServer();
    const storage = memory();
    const page = openPage(server, storage);
    await page.conversation.send({ message: "one" });
    await page.conversation.send({ message: "two" });
    await page.conversation.retry(page.conversation.getState().turns[1]!.id);
    expect(server.runs.get("run-3")!.events[0]).toMatchObject({ replaces: "run-2" });
    const next = openPage(server, storage);
    await next.conversation.load();
    for (const { conversation } of [page, next])
      expect(conversation.getState().turns.map((turn) => turn.runState?.view.id)).toEqual(["run-1", "run-3"]);
  });

  it("sends a message again whose run did not start", async () => {
    const server = fakeServer();
    const page = openPage(server, memory());
    server.up = false;
    await page.conversation.send({ message: "one" });
    expect(page.conversation.getState().turns).toMatchObject([
      { error: { code: "network", message: "The server is not responding." } },
    ]);
    server.up = true;
    await page.conversation.retry(page.conversation.getState().turns[0]!.id);
    expect(turnsOf(page)).toEqual([["one", undefined, "done"]]);
  });
});

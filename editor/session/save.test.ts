import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { serializeGraph } from "../../runtime/graph.ts";
import { parseAgentFile } from "../../runtime/parse.ts";
import { smallGraph } from "../e2e/graphs.ts";
import { setAbout } from "../graph/commands.ts";
import { createDocument } from "./document.ts";
import { type AgentApi, type Clock, createSaver, type DraftStorage, type SavedAgent, SaveRefused } from "./save.ts";

/** A clock that moves only in `pass` and `work`. Timers run in order of their time. */
function manualClock() {
  let now = 0;
  let timers: { at: number; call: () => void }[] = [];
  const clock: Clock = {
    now: () => now,
    after(ms, call) {
      const timer = { at: now + ms, call };
      timers.push(timer);
      return () => {
        timers = timers.filter((one) => one !== timer);
      };
    },
  };
  return {
    clock,
    /** Time in which no timer runs. */
    work(ms: number) {
      now += ms;
    },
    async pass(ms: number) {
      const end = now + ms;
      for (;;) {
        const next = timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
        if (!next) break;
        timers = timers.filter((one) => one !== next);
        now = next.at;
        next.call();
        await settled();
      }
      now = end;
      await settled();
    },
  };
}

const settled = async () => {
  for (let n = 0; n < 12; n++) await Promise.resolve();
};

/** A server with one agent. It can be unavailable, refuse to save, and have saves of others. */
function server(first: SavedAgent) {
  const state = { held: first, gone: false, refuses: "", saves: 0 };
  const agentApi: AgentApi = {
    get: async () => state.held,
    async put(graph, revision) {
      if (state.gone) throw new Error("fetch failed");
      if (state.refuses) throw new SaveRefused(state.refuses);
      if (revision !== state.held.revision) return { newer: state.held };
      state.held = { graph, revision: revision + 1 };
      state.saves++;
      return { saved: state.held.revision };
    },
  };
  return { state, agentApi };
}

function storage(): DraftStorage & { map: Map<string, string> } {
  const map = new Map<string, string>();
  return {
    map,
    getItem: (key) => map.get(key) ?? null,
    setItem: (key, value) => void map.set(key, value),
    removeItem: (key) => void map.delete(key),
  };
}

function setup(options: { first?: SavedAgent; storage?: DraftStorage & { map: Map<string, string> } } = {}) {
  const first = options.first ?? { revision: 1, graph: smallGraph() };
  const time = manualClock();
  const { state, agentApi } = server(first);
  const kept = options.storage ?? storage();
  const document = createDocument(first.graph, time.clock.now);
  const saver = createSaver({ id: "a", document, agentApi, storage: kept, clock: time.clock, delayMs: 600 }, first);
  return {
    ...time,
    state,
    kept,
    document,
    saver,
    say: (text: string) => document.apply(setAbout({ description: text })),
  };
}

describe("saving", () => {
  it("saves once after a pause in typing, and then removes the stored draft", async () => {
    const { pass, state, kept, saver, say } = setup();
    for (const text of ["a", "ab", "abc"]) {
      say(text);
      await pass(200);
    }
    expect(saver.getState().status.is).toBe("unsaved");
    expect(kept.map.size).toBe(1);
    await pass(600);
    expect(state.saves).toBe(1);
    expect(state.held.graph.description).toBe("abc");
    expect(saver.getState()).toMatchObject({ revision: 2, status: { is: "saved" } });
    expect(kept.map.size).toBe(0);
  });

  it("stores a draft that is slow to store for a tenth of the time, and at once on flush", async () => {
    const { pass, work, state, kept, saver, say } = setup();
    let writes = 0;
    const write = kept.setItem;
    kept.setItem = (key, value) => {
      writes++;
      work(40);
      write(key, value);
    };
    state.gone = true;
    for (let n = 0; n < 40; n++) {
      say(`${n}`);
      await pass(50);
    }
    // Two seconds of typing: once, and then every 400 ms.
    expect(writes).toBeGreaterThan(3);
    expect(writes).toBeLessThan(8);
    await pass(1000);
    expect(kept.map.get("patchbay.draft.a")).toContain("39");
    say("last words");
    void saver.flush();
    expect(kept.map.get("patchbay.draft.a")).toContain("last words");
  });

  it("does not save when everything was undone", async () => {
    const { pass, state, document, saver, say } = setup();
    say("a");
    document.undo();
    await pass(5000);
    expect(state.saves).toBe(0);
    expect(saver.getState().status.is).toBe("saved");
  });

  it("stores edits while the server is unavailable, and saves the newest when it is back", async () => {
    const { pass, state, kept, saver, say } = setup();
    state.gone = true;
    say("one");
    await pass(700);
    expect(saver.getState().status.is).toBe("offline");
    say("two");
    await pass(60_000);
    expect(kept.map.get("patchbay.draft.a")).toContain("two");
    state.gone = false;
    saver.wake();
    await pass(0);
    expect(state.held.graph.description).toBe("two");
    expect(saver.getState().status.is).toBe("saved");
    expect(state.saves).toBe(1);
  });

  it("loads a draft that an earlier visit could not save", async () => {
    const first = { revision: 4, graph: smallGraph() };
    const before = setup({ first });
    before.state.gone = true;
    before.say("not lost");
    await before.pass(1000);
    before.saver.close();
    const after = setup({ first, storage: before.kept });
    expect(after.document.getState().graph.description).toBe("not lost");
    await after.pass(1000);
    expect(after.state.held).toMatchObject({ revision: 5, graph: { description: "not lost" } });
  });

  it("loads a draft that version 0.1.0 stored in the browser", async () => {
    const fixture = (name: string) =>
      readFileSync(new URL(`../../server/testing/fixtures/data-v0/${name}`, import.meta.url), "utf8");
    const { key, value } = JSON.parse(fixture("stored-draft.json")) as { key: string; value: string };
    const kept = storage();
    kept.map.set("patchbay.draft.a", value);
    expect(key).toMatch(/^patchbay\.draft\./);
    const saved = { revision: 1, graph: parseAgentFile(fixture("each.agent.json")).graph! };
    const { state, pass } = setup({ first: saved, storage: kept });
    await pass(1000);
    const template = "Typed while the server was away: {{value}}";
    const nodes = saved.graph.nodes.map((node) => (node.id === "short" ? { ...node, config: { template } } : node));
    expect(state.held).toEqual({ revision: 2, graph: { ...saved.graph, nodes } });
    expect(kept.map.size).toBe(0);
  });

  it("stops at a conflict and overwrites nothing; keepMine saves over theirs", async () => {
    const { pass, state, document, saver, say } = setup();
    say("mine");
    state.held = { revision: 2, graph: { ...smallGraph(), description: "theirs" } };
    await pass(700);
    expect(saver.getState().status).toMatchObject({ is: "conflict", theirs: { revision: 2 } });
    say("mine, and more");
    await pass(5000);
    expect(state.held.graph.description).toBe("theirs");
    await saver.keepMine();
    expect(state.held).toMatchObject({ revision: 3, graph: { description: "mine, and more" } });
    expect(document.getState().graph.description).toBe("mine, and more");
  });

  it("takes their graph as a step that can be undone", async () => {
    const { pass, state, document, saver, say } = setup();
    say("mine");
    state.held = { revision: 2, graph: { ...smallGraph(), description: "theirs" } };
    await pass(700);
    saver.takeTheirs();
    expect(saver.getState()).toMatchObject({ revision: 2, status: { is: "saved" } });
    expect(document.getState().graph.description).toBe("theirs");
    document.undo();
    expect(document.getState().graph.description).toBe("mine");
    await pass(700);
    expect(state.held).toMatchObject({ revision: 3, graph: { description: "mine" } });
  });

  it("has no conflict when the other save has the same graph", async () => {
    const { pass, state, document, saver, say } = setup();
    say("same");
    state.held = { revision: 2, graph: structuredClone(document.getState().graph) };
    await pass(700);
    expect(saver.getState()).toMatchObject({ revision: 2, status: { is: "saved" } });
  });

  it("reports a refusal once and retries only after the next change", async () => {
    const { pass, state, saver, say } = setup();
    state.refuses = "A graph has at most 5000 nodes.";
    say("a");
    await pass(60_000);
    expect(saver.getState().status).toEqual({ is: "refused", message: "A graph has at most 5000 nodes." });
    state.refuses = "";
    say("b");
    await pass(700);
    expect(saver.getState().status.is).toBe("saved");
  });

  it("flushes changes made during a save", async () => {
    const { state, document, saver, say } = setup();
    say("first");
    const first = saver.flush();
    say("second");
    expect(await first).toBe(true);
    expect(await saver.flush()).toBe(true);
    expect(serializeGraph(state.held.graph)).toBe(serializeGraph(document.getState().graph));
  });

  it("works when the browser's storage is full or forbidden", async () => {
    const broken: DraftStorage & { map: Map<string, string> } = {
      map: new Map(),
      getItem: () => {
        throw new Error("forbidden");
      },
      setItem: () => {
        throw new Error("full");
      },
      removeItem: () => {
        throw new Error("forbidden");
      },
    };
    const { pass, state, say } = setup({ storage: broken });
    say("a");
    await pass(1000);
    expect(state.held.graph.description).toBe("a");
  });

  describe("with a stored draft that cannot be opened", () => {
    const unreadable = {
      "text that is not JSON": "{half",
      "no revision": JSON.stringify({ text: serializeGraph(smallGraph()) }),
      "a graph of a newer format": JSON.stringify({
        revision: 1,
        text: serializeGraph(smallGraph()).replace(/"patchbay\/\d+"/, '"patchbay/99"'),
      }),
    };

    it.each(Object.entries(unreadable))("reports it and stores its text under another key: %s", (_name, text) => {
      const browser = storage();
      browser.map.set("patchbay.draft.a", text);
      const { saver, document } = setup({ storage: browser });
      expect(saver.getState()).toMatchObject({ status: { is: "saved" }, unreadable: text });
      expect(serializeGraph(document.getState().graph)).toBe(serializeGraph(smallGraph()));
      expect([...browser.map]).toEqual([["patchbay.unreadable-draft.a", text]]);
    });

    it("reports it at each visit until it is discarded, while new changes are saved", async () => {
      const browser = storage();
      browser.map.set("patchbay.draft.a", "{half");
      setup({ storage: browser }).saver.close();
      const { pass, state, saver, say } = setup({ storage: browser });
      expect(saver.getState().unreadable).toBe("{half");
      say("a");
      await pass(1000);
      expect(state.held.graph.description).toBe("a");
      saver.discardUnreadable();
      expect(saver.getState().unreadable).toBeUndefined();
      expect(browser.map.size).toBe(0);
    });
  });
});

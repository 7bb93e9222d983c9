import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nodes } from "../../nodes/index.ts";
import type { RunEvent, RunItem } from "../../runtime/event.ts";
import { Graph, serializeGraph } from "../../runtime/graph.ts";
import { graphIdentity } from "../../runtime/identity.ts";
import { play } from "../../runtime/testing/play.ts";
import { graphOf, smallGraph } from "../e2e/graphs.ts";
import type { Command } from "../graph/commands.ts";
import { table } from "../graph/node-types.ts";
import { readOutputs } from "../graph/output-texts.ts";
import { knownFrom, type PartPlan, planEdited, planPart } from "../graph/partial-run.ts";
import { pinOf, pinsOf, removePins, setPin } from "../graph/pins.ts";
import { compareRuns, compareText, partsInside } from "../pages/compare/compare.ts";
import { addTest, expectedText, removeTest, replyText, setExpected, testOutcome } from "./agent-tests.ts";
import { createDocument } from "./document.ts";
import { foldAll, newRunState, type RunState } from "./run-state.ts";
import { createTestRuns, testKey } from "./test-runs.ts";

/** Two branches that meet: `a` and `b` read the message, `both` joins them. */
const forked = () =>
  graphOf(
    "Two ways",
    [
      ["ask", "input", {}],
      ["a", "prompt", { template: "A {{x}}" }],
      ["b", "prompt", { template: "B {{x}}" }],
      ["both", "prompt", { template: "{{x}} and {{y}}" }],
      ["end", "prompt", { template: "{{x}}." }],
      ["reply", "output", {}],
    ],
    [
      "ask.message > a.x",
      "ask.message > b.x",
      "a.text > both.x",
      "b.text > both.y",
      "both.text > end.x",
      "end.text > reply.reply",
    ],
    {},
  );

async function run(graph: Graph, plan: PartPlan = { pins: {} }): Promise<{ runState: RunState; ran: string[] }> {
  const pins = plan.pins as Record<string, Record<string, unknown>>;
  const played = await play(
    graph,
    nodes,
    {},
    { input: "hi", start: { pins, ...(plan.range && { range: plan.range }) } },
  );
  return {
    runState: foldAll(newRunState(0), played.events),
    ran: played.of("node-start").map((event) => event.node),
  };
}

describe("a part of a graph", () => {
  it("runs alone, with what feeds it as it was", async () => {
    const graph = forked();
    const { runState } = await run(graph);
    const plan = planPart(graph, "only", "both", {}, knownFrom(runState.view));
    expect(plan).toEqual({ range: { only: "both" }, pins: { a: { text: "A hi" }, b: { text: "B hi" } } });
    const part = await run(graph, plan);
    expect(part.ran).toEqual(["both"]);
    expect(part.runState.view.output?.reply).toEqual({ text: "A hi and B hi" });
  });

  it("runs what comes before too, where nothing is known of it", async () => {
    const graph = forked();
    expect((await run(graph, planPart(graph, "only", "both", {}, knownFrom(undefined)))).ran.sort()).toEqual([
      "a",
      "ask",
      "b",
      "both",
    ]);
    expect((await run(graph, planPart(graph, "from", "both", {}, knownFrom(undefined)))).ran).toHaveLength(6);
  });

  it("runs to a node and from a node", async () => {
    const graph = forked();
    const { runState } = await run(graph);
    const known = knownFrom(runState.view);
    expect((await run(graph, planPart(graph, "to", "a", {}, known))).ran).toEqual(["ask", "a"]);
    const from = await run(graph, planPart(graph, "from", "both", {}, known));
    expect(from.ran).toEqual(["both", "end", "reply"]);
    expect(from.runState.view.output?.reply).toBe("A hi and B hi.");
  });

  it("takes a pin before the last run, but runs the node that was asked for", async () => {
    const graph = forked();
    const known = knownFrom((await run(graph)).runState.view);
    const pinned = { a: { text: "pinned" }, both: { text: "old" } };
    const part = await run(graph, planPart(graph, "only", "both", pinned, known));
    expect(part.runState.view.output?.reply).toEqual({ text: "pinned and B hi" });
    const to = await run(graph, planPart(graph, "to", "end", { both: { text: "old" } }, known));
    expect(to.ran).toEqual(["end"]);
  });

  it("goes on from an edited output, and keeps the other branch", async () => {
    const graph = forked();
    const known = knownFrom((await run(graph)).runState.view);
    const part = await run(graph, planEdited(graph, "a", { text: "Mine" }, {}, known));
    expect(part.ran).toEqual(["both", "end", "reply"]);
    expect(part.runState.view.output?.reply).toBe("Mine and B hi.");
  });
});

describe("pins", () => {
  it("are kept with the draft, and are no part of its identity", () => {
    const graph = setPin("brief", { text: "fixed" }).run(smallGraph());
    const read = Graph.parse(JSON.parse(serializeGraph(graph))) as Graph;
    expect(pinsOf(read)).toEqual({ brief: { text: "fixed" } });
    expect(graphIdentity(graph, table)).toBe(graphIdentity(smallGraph(), table));
    expect(pinOf(setPin("brief", undefined).run(graph), "brief")).toBeUndefined();
    expect(serializeGraph(removePins.run(graph))).toBe(serializeGraph(smallGraph()));
  });

  it("ignores what is no pin, and pins of nodes that are gone", () => {
    for (const value of [3, null, [], "x", { brief: 3 }, { gone: { text: "x" } }])
      expect(pinsOf({ ...smallGraph(), "x-pins": value } as Graph)).toEqual({});
  });
});

describe("tests of an agent", () => {
  const view = (status: RunState["view"]["status"], reply?: unknown): RunState => {
    const runState = newRunState(0);
    return { ...runState, view: { ...runState.view, status, ...(reply === undefined ? {} : { output: { reply } }) } };
  };
  const test = { name: "t", input: { message: "t" }, expect: { contains: "Blue" } };

  it("pass when the run ends well and the answer has what was expected", () => {
    expect(testOutcome(test, view("done", "It is blue."))).toEqual({ outcome: "passed" });
    expect(testOutcome(test, view("done", { colour: "BLUE" }))).toEqual({ outcome: "passed" });
    expect(testOutcome(test, view("done", "Red"))).toEqual({ outcome: "failed", lacks: "Blue" });
    expect(testOutcome({ ...test, expect: undefined }, view("done", "Red"))).toEqual({ outcome: "passed" });
    expect(testOutcome(test, view("failed"))).toEqual({ outcome: "failed" });
    expect(testOutcome(test, view("waiting"))).toEqual({ outcome: "waiting" });
  });

  it("are kept once, changed and removed", () => {
    const one = addTest({ message: "hi" }, "ho").run(smallGraph());
    expect(addTest({ message: "hi" }).run(one)).toBe(one);
    expect(expectedText(one.tests[0]!)).toBe("ho");
    expect(setExpected(0, "").run(one).tests).toEqual([{ name: "hi", input: { message: "hi" } }]);
    expect(removeTest(0).run(one).tests).toEqual([]);
  });
});

it("undoes any sequence of these commands to the same bytes", () => {
  const command = fc.oneof(
    fc
      .record({ node: fc.constantFrom("ask", "brief", "brain", "gone"), text: fc.option(fc.string()) })
      .map(({ node, text }): Command => setPin(node, text === null ? undefined : { text })),
    fc.constant(removePins),
    fc.tuple(fc.string(), fc.string()).map(([message, contains]): Command => addTest({ message }, contains)),
    fc.nat(4).map((index): Command => removeTest(index)),
    fc.tuple(fc.nat(4), fc.string()).map(([index, contains]): Command => setExpected(index, contains)),
  );
  fc.assert(
    fc.property(fc.array(command, { maxLength: 12 }), (commands) => {
      const document = createDocument(smallGraph(), () => 0);
      const before = serializeGraph(document.getState().graph);
      for (const one of commands) document.apply(one);
      expect(Graph.safeParse(document.getState().graph).success).toBe(true);
      while (document.getState().past.length > 0) document.undo();
      expect(serializeGraph(document.getState().graph)).toBe(before);
    }),
  );
});

it("reads edited outputs: a text as it stands, everything else as JSON", () => {
  expect(readOutputs({ text: "a", count: 1 }, { text: "b", count: "2" })).toEqual({
    values: { text: "b", count: 2 },
    faults: {},
  });
  expect(readOutputs({ count: 1 }, { count: "two" })).toEqual({ faults: { count: expect.any(String) } });
});

describe("two runs side by side", () => {
  it("finds what differs, node by node and by words", async () => {
    const first = (await run(forked())).runState.view;
    const changed = forked();
    const second = (
      await run({
        ...changed,
        nodes: changed.nodes.map((node) => (node.id === "a" ? { ...node, config: { template: "New {{x}}" } } : node)),
      })
    ).runState.view;
    const compared = new Map(compareRuns(first, second).map((node) => [node.node, node]));
    expect(compared.get("b")?.same).toBe(true);
    expect(compared.get("a")?.values).toEqual([
      {
        name: "text",
        of: "output",
        first: "A hi",
        second: "New hi",
        words: [{ text: "A", change: "removed" }, { text: "New", change: "added" }, { text: " hi" }],
      },
    ]);
  });

  it("keeps nodes that only one of them had", async () => {
    const graph = forked();
    const whole = (await run(graph)).runState.view;
    const part = (await run(graph, planPart(graph, "to", "a", {}, knownFrom(undefined)))).runState.view;
    const only = compareRuns(whole, part).filter((node) => !node.second);
    expect(only.map((node) => node.node)).toContain("reply");
    expect(only.every((node) => !node.same)).toBe(true);
  });

  it("finds what differs inside of a container, item by item", () => {
    const view = (replies: string[]) => {
      const runState = foldAll(
        newRunState(0),
        replies.flatMap((reply, item) =>
          (["node-start", "node-end"] as const).map(
            (type, step) =>
              ({
                run: "r",
                seq: item * 2 + step,
                at: item * 2 + step,
                type,
                node: "ask",
                scope: [{ node: "each", item }],
                ...(type === "node-end" && { outputs: { reply } }),
              }) as RunEvent,
          ),
        ),
      );
      return runState.view;
    };
    const [first, second] = [view(["a", "b"]), view(["a", "c", "d"])];
    expect(compareRuns(first, second)).toEqual([]);
    const parts = partsInside(first, second).get("each")!;
    expect(parts.map(({ scope, same, only }) => [scope[0]?.item, same, only])).toEqual([
      [0, true, undefined],
      [1, false, undefined],
      [2, false, "second"],
    ]);
    const [inside] = compareRuns(first, second, parts[1]!.scope);
    expect(inside).toMatchObject({ node: "ask", same: false, values: [{ first: "b", second: "c" }] });
    expect(partsInside(first, second, parts[1]!.scope).size).toBe(0);
  });

  it("does not compare very long texts word by word", () => {
    expect(compareText("a ".repeat(20_000), "b")).toHaveLength(2);
    expect(compareText("a", "a")).toBeUndefined();
  });
});

describe("running the tests", () => {
  const story = (run: string, reply: string): RunItem[] =>
    [
      { type: "run-start", agent: { name: "x", graph: "h" }, input: { message: "" } },
      { type: "run-end", output: { reply } },
    ].map((body, seq) => ({ run, seq, at: seq, ...body }) as RunEvent);
  async function* stream(signals: RunItem[]): AsyncGenerator<RunItem> {
    yield* signals;
  }
  const runs = (answer: (message: string) => AsyncIterable<RunItem>) => {
    const asked: object[] = [];
    const tests = createTestRuns({
      save: async () => true,
      graph: smallGraph,
      now: () => 0,
      pause: async () => {},
      server: {
        runSaved(request) {
          asked.push(request);
          return answer(request.input.message);
        },
        runGraph: () => stream([]),
        follow: () => stream([]),
        answer: async () => {},
        cancel: async () => {},
      },
    });
    return { tests, asked };
  };
  const messages = ["a", "b", "c"].map((message) => ({ name: message, input: { message } }));

  it("runs each outside of any session and without pins, and keeps what came of it", async () => {
    const { tests, asked } = runs((message) => stream(story(`run-${message}`, `Answer ${message}`)));
    await tests.run(messages);
    expect(asked).toEqual(messages.map(({ input }) => ({ input })));
    const { results, progress } = tests.getState();
    expect(progress).toBeUndefined();
    expect(messages.map((test) => replyText(results.get(testKey(test))!.runState!))).toEqual([
      "Answer a",
      "Answer b",
      "Answer c",
    ]);
  });

  it("says why a test did not run, and starts no further one after a cancel", async () => {
    const { tests, asked } = runs(async function* (message) {
      yield* [];
      tests.cancel();
      throw Object.assign(new Error(`No ${message}`), { status: 422 });
    });
    await tests.run(messages);
    expect(asked.length).toBeLessThanOrEqual(2);
    expect(tests.getState().progress).toBeUndefined();
  });
});

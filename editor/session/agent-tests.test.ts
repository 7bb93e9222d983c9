import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Graph, serializeGraph } from "../../runtime/graph.ts";
import { smallGraph } from "../e2e/graphs.ts";
import type { Command } from "../graph/commands.ts";
import { removePins, setPin } from "../graph/pins.ts";
import { addTest, expectedText, removeTest, setExpected, testOutcome } from "./agent-tests.ts";
import { createDocument } from "./document.ts";
import { newRunState, type RunState } from "./run-state.ts";

describe("tests of an agent", () => {
  const view = (status: RunState["view"]["status"], reply?: unknown): RunState => {
    const runState = newRunState(0);
    return { ...runState, view: { ...runState.view, status, ...(reply === undefined ? {} : { output: { reply } }) } };
  };
  const test = { name: "t", input: { message: "t" }, expect: { contains: "Blue" } };

  it("pass when the run is done and the reply contains the expected text", () => {
    expect(testOutcome(test, view("done", "It is blue."))).toEqual({ outcome: "passed" });
    expect(testOutcome(test, view("done", { colour: "BLUE" }))).toEqual({ outcome: "passed" });
    expect(testOutcome(test, view("done", "Red"))).toEqual({ outcome: "failed", lacks: "Blue" });
    expect(testOutcome({ ...test, expect: undefined }, view("done", "Red"))).toEqual({ outcome: "passed" });
    expect(testOutcome(test, view("failed"))).toEqual({ outcome: "failed" });
    expect(testOutcome(test, view("waiting"))).toEqual({ outcome: "waiting" });
  });

  it("are added once, changed and removed", () => {
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

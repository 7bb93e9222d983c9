import { describe, expect, it } from "vitest";
import { nodes } from "../../nodes/index.ts";
import type { Graph } from "../../runtime/graph.ts";
import { play } from "../../runtime/testing/play.ts";
import { forkedGraph } from "../e2e/graphs.ts";
import { foldAll, newRunState, type RunState } from "../session/run-state.ts";
import { knownFrom, type PartPlan, planEdited, planPart } from "./partial-run.ts";

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
  it("runs one node with the known outputs of its sources", async () => {
    const graph = forkedGraph();
    const { runState } = await run(graph);
    const plan = planPart(graph, "only", "both", {}, knownFrom(runState.view));
    expect(plan).toEqual({ range: { only: "both" }, pins: { a: { text: "A hi" }, b: { text: "B hi" } } });
    const part = await run(graph, plan);
    expect(part.ran).toEqual(["both"]);
    expect(part.runState.view.output?.reply).toEqual({ text: "A hi and B hi" });
  });

  it("also runs the nodes upstream when their outputs are unknown", async () => {
    const graph = forkedGraph();
    expect((await run(graph, planPart(graph, "only", "both", {}, knownFrom(undefined)))).ran.sort()).toEqual([
      "a",
      "ask",
      "b",
      "both",
    ]);
    expect((await run(graph, planPart(graph, "from", "both", {}, knownFrom(undefined)))).ran).toHaveLength(6);
  });

  it("runs to a node and from a node", async () => {
    const graph = forkedGraph();
    const { runState } = await run(graph);
    const known = knownFrom(runState.view);
    expect((await run(graph, planPart(graph, "to", "a", {}, known))).ran).toEqual(["ask", "a"]);
    const from = await run(graph, planPart(graph, "from", "both", {}, known));
    expect(from.ran).toEqual(["both", "end", "reply"]);
    expect(from.runState.view.output?.reply).toBe("A hi and B hi.");
  });

  it("prefers a pin to the last run, but runs the requested node", async () => {
    const graph = forkedGraph();
    const known = knownFrom((await run(graph)).runState.view);
    const pinned = { a: { text: "pinned" }, both: { text: "old" } };
    const part = await run(graph, planPart(graph, "only", "both", pinned, known));
    expect(part.runState.view.output?.reply).toEqual({ text: "pinned and B hi" });
    const to = await run(graph, planPart(graph, "to", "end", { both: { text: "old" } }, known));
    expect(to.ran).toEqual(["end"]);
  });

  it("continues from an edited output, and keeps the other branch", async () => {
    const graph = forkedGraph();
    const known = knownFrom((await run(graph)).runState.view);
    const part = await run(graph, planEdited(graph, "a", { text: "Mine" }, {}, known));
    expect(part.ran).toEqual(["both", "end", "reply"]);
    expect(part.runState.view.output?.reply).toBe("Mine and B hi.");
  });
});

import { describe, expect, it } from "vitest";
import { nodes } from "../../../nodes/index.ts";
import type { RunEvent } from "../../../runtime/event.ts";
import type { Graph } from "../../../runtime/graph.ts";
import { play } from "../../../runtime/testing/play.ts";
import { forkedGraph } from "../../e2e/graphs.ts";
import { knownFrom, type PartPlan, planPart } from "../../graph/partial-run.ts";
import { foldAll, newRunState, type RunState } from "../../session/run-state.ts";
import { compareRuns, compareText, partsInside } from "./compare.ts";

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

describe("two runs side by side", () => {
  it("finds what differs, node by node and by words", async () => {
    const first = (await run(forkedGraph())).runState.view;
    const changed = forkedGraph();
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
    const graph = forkedGraph();
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

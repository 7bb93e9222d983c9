import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkGraph } from "../../runtime/check.ts";
import type { RunEvent, Scope } from "../../runtime/event.ts";
import { edgeEnd, emptyGraph, type Graph, type GraphNode, serializeGraph } from "../../runtime/graph.ts";
import { bodyOf, setBody, startBody, withinBody } from "../graph/body.ts";
import { addNode, remove, setConfig, setNode } from "../graph/commands.ts";
import { lookup } from "../graph/lookup.ts";
import { table } from "../graph/node-types.ts";
import { createDocument } from "./document.ts";
import { defaultItem, itemsOf, progressOf, runStateWithin } from "./items.ts";
import { foldAll, newRunState } from "./run-state.ts";

const each: GraphNode = { id: "each", type: "map", version: 1, config: {} };
const around = (): Graph => ({
  ...emptyGraph("Around"),
  nodes: [
    { id: "ask", type: "input", version: 1, config: {} },
    each,
    { id: "reply", type: "output", version: 1, config: {} },
  ],
  edges: [
    { from: "ask.message", to: "each.items" },
    { from: "each.results", to: "reply.reply" },
  ],
});
const opened = () => setBody("each", startBody(each, "Each")).run(around());
const bodyIn = (graph: Graph, node = "each"): Graph => {
  const body = bodyOf(lookup(graph).node(node)!);
  if (body.is !== "graph") throw new Error(`${node} has no body`);
  return body.graph;
};

describe("a body", () => {
  it.each(["map", "loop"])("starts without issues: %s", (type) => {
    const holder = { ...each, type, config: { inputs: [{ name: "tone", kind: "text" }] } };
    const body = startBody(holder, "Each");
    expect(checkGraph(body, table)).toEqual([]);
    expect(body.edges.map((edge) => edgeEnd(edge.to).node)).toEqual(["reply"]);
  });

  it("is created in one step, without errors in the outer graph", () => {
    const document = createDocument(around());
    document.apply(setBody("each", startBody(each, "Each")));
    expect(checkGraph(document.getState().graph, table).filter((issue) => issue.severity === "error")).toEqual([]);
    document.undo();
    expect(bodyOf(lookup(document.getState().graph).node("each")!)).toEqual({ is: "none" });
  });

  it("keeps the identity of unchanged parts, also when read from a file", () => {
    const graph = JSON.parse(serializeGraph(opened())) as Graph;
    const before = bodyIn(graph);
    expect(bodyIn(graph)).toBe(before);
    const after = bodyIn(withinBody("each", setNode("ask", { title: "In" })).run(graph));
    expect(after.nodes[1]).toBe(before.nodes[1]);
    expect(withinBody("each", setNode("nobody", { title: "In" })).run(graph)).toBe(graph);
  });

  it("can contain another body", () => {
    const inner = withinBody("each", addNode({ ...each, id: "inner" }, { x: 0, y: 200 })).run(opened());
    const deep = withinBody("each", setBody("inner", startBody(each, "Inner"))).run(inner);
    const last = withinBody("each", withinBody("inner", setNode("ask", { title: "Deep" }))).run(deep);
    expect(bodyIn(bodyIn(last), "inner").nodes[0]?.title).toBe("Deep");
  });

  it("undoes any changes to the same bytes", () => {
    const step = fc.oneof(
      fc.string().map((title) => setNode("ask", { title })),
      fc.constantFrom("llm", "prompt", "map").map((type) => addNode({ ...each, id: type, type }, { x: 1, y: 2 })),
      fc.constantFrom("ask", "llm", "map").map((id) => remove(new Set([id]))),
      fc.string().map((value) => setConfig("llm", "instructions", value)),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const first = opened();
        let time = 0;
        const document = createDocument(first, () => (time += 10_000));
        for (const command of steps) document.apply(withinBody("each", command));
        while (document.getState().past.length > 0) document.undo();
        expect(serializeGraph(document.getState().graph)).toBe(serializeGraph(first));
      }),
    );
  });

  it("is recognized as bad when it is not a graph", () => {
    expect(bodyOf({ config: { body: { nodes: "?" } } })).toEqual({ is: "bad" });
    expect(bodyOf({ config: { body: { agent: "helper" } } })).toEqual({ is: "agent", ref: { agent: "helper" } });
    expect(bodyOf({ config: null })).toEqual({ is: "none" });
  });
});

describe("a run inside a body", () => {
  type Line = [type: "node-start" | "node-end" | "node-fail", node: string, scope?: Scope];
  const runState = (lines: Line[]) =>
    foldAll(
      newRunState(0),
      lines.map(
        ([type, node, scope], seq) =>
          ({
            run: "r",
            seq,
            at: seq,
            type,
            node,
            ...(scope ? { scope } : {}),
            ...(type === "node-end" ? { outputs: { reply: `${node} ${seq}` } } : {}),
            ...(type === "node-fail" ? { error: { code: "internal", message: "No." }, next: "fail" } : {}),
          }) as RunEvent,
      ),
    );
  const item = (n: number): Scope => [{ node: "each", item: n }];

  it("is divided into items, each with its status", () => {
    const run = runState([
      ["node-start", "each"],
      ["node-start", "ask", item(1)],
      ["node-end", "ask", item(1)],
      ["node-start", "ask", item(0)],
      ["node-fail", "ask", item(0)],
      ["node-start", "ask", item(2)],
    ]);
    const items = itemsOf(run, "each");
    expect(items.map(({ at, status }) => [at, status])).toEqual([
      [0, "failed"],
      [1, "done"],
      [2, "running"],
    ]);
    expect(progressOf(items, ["a", "b", "c", "d"])).toEqual({ done: 1, failed: 1, waiting: 0, total: 4 });
    expect(items[0]?.error?.message).toBe("No.");
    expect(defaultItem(items)?.at).toBe(2);
    expect(defaultItem(items.slice(0, 2))?.at).toBe(0);
    expect(itemsOf(run, "ask")).toEqual([]);
    expect(runStateWithin(run, items[1]!.part).view.nodes.get("ask")?.status).toBe("done");
  });

  it("is found in a container inside another container", () => {
    const run = runState([
      ["node-start", "each"],
      ["node-start", "again", item(3)],
      ["node-start", "ask", [...item(3), { node: "again", turn: 0 }]],
      ["node-end", "ask", [...item(3), { node: "again", turn: 0 }]],
      ["node-start", "ask", [...item(3), { node: "again", turn: 1 }]],
    ]);
    const [outer, ...more] = itemsOf(run, "each");
    expect(more).toEqual([]);
    const within = runStateWithin(run, outer!.part);
    const turns = itemsOf(within, "again");
    expect(turns.map(({ at, status }) => [at, status])).toEqual([
      [0, "done"],
      [1, "running"],
    ]);
    expect([...runStateWithin(within, turns[1]!.part).view.nodes.keys()]).toEqual(["ask"]);
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { serializeGraph } from "../../runtime/graph.ts";
import { parseAgentFile } from "../../runtime/parse.ts";
import { graphOf, largeGraph, shopGraph } from "../e2e/graphs.ts";
import { createDocument } from "../session/document.ts";
import { countReplaced, findText, type Query, replaceText } from "./text-search.ts";

const ask = (text: string, more: Partial<Query> = {}): Query => ({ text, matchCase: false, wholeWord: false, ...more });

describe("search", () => {
  it("finds titles, prompts, notes, settings and texts of bodies, each with its node", () => {
    const hits = findText(shopGraph(), ask("shop"));
    expect(hits.map((hit) => [hit.node, hit.path.join("/")])).toEqual([
      [undefined, "name"],
      [undefined, "settings/greeting"],
      [undefined, "settings/suggestions/0"],
      ["each", "nodes/1/config/body/name"],
      ["memo", "nodes/2/config/text"],
      ["memo", "nodes/2/config/text"],
    ]);
    expect(findText(shopGraph(), ask("{{topic}}")).map((hit) => hit.path.join("/"))).toEqual([
      "nodes/1/config/body/nodes/1/config/template",
    ]);
  });

  it("matches case and whole words on request, in every script, and reads the query literally", () => {
    expect(findText(shopGraph(), ask("Shop", { matchCase: true }))).toHaveLength(2);
    expect(findText(shopGraph(), ask("shop", { wholeWord: true }))).toHaveLength(5);
    const chinese = graphOf("客服", [["memo", "note", { text: "客服说：a.c 与 abc" }]], [], {});
    expect(findText(chinese, ask("客服"))).toHaveLength(2);
    expect(findText(chinese, ask("a.c"))).toHaveLength(1);
    expect(findText(chinese, ask(""))).toHaveLength(0);
  });

  it("replaces one match, or all in one step, which undo reverts to the same bytes; ids and edges stay", () => {
    const document = createDocument(shopGraph());
    const before = serializeGraph(document.getState().graph);
    const hit = findText(document.getState().graph, ask("shop")).at(-1)!;
    document.apply(replaceText(ask("shop"), "store$&", hit));
    expect(document.getState().graph.nodes[2]?.config).toEqual({ text: "The shop opens at nine; workstore$&s later." });
    document.undo();
    document.apply(replaceText(ask("shop"), "each"));
    expect(findText(document.getState().graph, ask("shop"))).toEqual([]);
    expect(document.getState().graph.edges).toEqual(shopGraph().edges);
    expect(document.getState().past).toHaveLength(1);
    document.undo();
    expect(serializeGraph(document.getState().graph)).toBe(before);
  });

  it("counts the replaced and the kept matches", () => {
    const graph = graphOf("x", [["memo", "note", { text: "x and x" }]], [], {});
    graph.nodes[0]!.title = "x".repeat(150);
    expect(countReplaced(graph, ask("x"), "yy")).toEqual({ done: 3, kept: 150 });
    expect(countReplaced(graph, ask("x"), "")).toEqual({ done: 152, kept: 1 });
    expect(countReplaced(graph, ask(""), "y")).toEqual({ done: 0, kept: 0 });
    const next = replaceText(ask("x"), "yy").run(graph);
    expect(findText(next, ask("x"))).toHaveLength(150);
  });

  it("never leaves an empty name or a graph that does not parse", () => {
    const graph = graphOf("x", [["memo", "note", { text: "x" }]], [], {});
    expect(replaceText(ask("x"), "").run(graph)).toMatchObject({ name: "x", nodes: [{ config: { text: "" } }] });
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, maxLength: 3 }),
        fc.string({ maxLength: 6 }),
        fc.boolean(),
        (text, by, flag) => {
          const next = replaceText(ask(text, { matchCase: flag, wholeWord: !flag }), by).run(shopGraph());
          expect(parseAgentFile(serializeGraph(next)).issues).toEqual([]);
          expect(next.nodes.map((node) => [node.id, node.type])).toEqual(
            shopGraph().nodes.map((node) => [node.id, node.type]),
          );
        },
      ),
    );
  });

  it("searches 5,000 nodes", () => {
    const graph = largeGraph(5000);
    expect(findText(graph, ask("step 4"), Number.POSITIVE_INFINITY).length).toBeGreaterThan(1000);
  });
});

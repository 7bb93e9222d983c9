import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { edgeEnd, type Graph, serializeGraph } from "../../runtime/graph.ts";
import { graphIdentity } from "../../runtime/identity.ts";
import { parseAgentFile } from "../../runtime/parse.ts";
import { snap } from "../canvas/guides.ts";
import { graphOf, largeGraph, smallGraph } from "../e2e/graphs.ts";
import { createDocument } from "../session/document.ts";
import { alignPositions, type Box, distributePositions, type Side } from "./align.ts";
import { setLayout } from "./commands.ts";
import { fileKind } from "./file-kind.ts";
import { copyText, pasteText } from "./fragment.ts";
import { edgeKey, lookup } from "./lookup.ts";
import { definitions, table } from "./node-types.ts";
import { createPortReader } from "./ports.ts";
import { planReplacement, replacementsFor, replaceNode } from "./replace-node.ts";
import { countReplaced, findText, type Query, replaceText } from "./text-search.ts";

const ask = (text: string, more: Partial<Query> = {}): Query => ({ text, matchCase: false, wholeWord: false, ...more });
const reader = createPortReader(table);
const withBody = (): Graph =>
  graphOf(
    "Shop helper",
    [
      ["ask", "input", {}],
      ["each", "map", { body: smallGraph({ name: "Each shop" }) }],
      ["memo", "note", { text: "The shop opens at nine; workshops later." }],
    ],
    ["ask.message > each.items"],
    { ask: [0, 0], each: [300, 0], memo: [0, 300] },
    {
      settings: {
        greeting: "Welcome to the Shop",
        suggestions: ["Is the shop open?"],
        language: "auto",
        approvals: {},
        budget: {},
      },
    },
  );

describe("search", () => {
  it("finds titles, prompts, notes, settings and the texts of bodies, each with the node that shows it", () => {
    const hits = findText(withBody(), ask("shop"));
    expect(hits.map((hit) => [hit.node, hit.path.join("/")])).toEqual([
      [undefined, "name"],
      [undefined, "settings/greeting"],
      [undefined, "settings/suggestions/0"],
      ["each", "nodes/1/config/body/name"],
      ["memo", "nodes/2/config/text"],
      ["memo", "nodes/2/config/text"],
    ]);
    expect(findText(withBody(), ask("{{topic}}")).map((hit) => hit.path.join("/"))).toEqual([
      "nodes/1/config/body/nodes/1/config/template",
    ]);
  });

  it("minds case and whole words when asked, in every script, and takes signs as they are written", () => {
    expect(findText(withBody(), ask("Shop", { matchCase: true }))).toHaveLength(2);
    expect(findText(withBody(), ask("shop", { wholeWord: true }))).toHaveLength(5);
    const chinese = graphOf("客服", [["memo", "note", { text: "客服说：a.c 与 abc" }]], [], {});
    expect(findText(chinese, ask("客服"))).toHaveLength(2);
    expect(findText(chinese, ask("a.c"))).toHaveLength(1);
    expect(findText(chinese, ask(""))).toHaveLength(0);
  });

  it("replaces one, or all in one step that one undo takes back byte for byte; ids and edges stay", () => {
    const document = createDocument(withBody());
    const before = serializeGraph(document.getState().graph);
    const hit = findText(document.getState().graph, ask("shop")).at(-1)!;
    document.apply(replaceText(ask("shop"), "store$&", hit));
    expect(document.getState().graph.nodes[2]?.config).toEqual({ text: "The shop opens at nine; workstore$&s later." });
    document.undo();
    document.apply(replaceText(ask("shop"), "each"));
    expect(findText(document.getState().graph, ask("shop"))).toEqual([]);
    expect(document.getState().graph.edges).toEqual(withBody().edges);
    expect(document.getState().past).toHaveLength(1);
    document.undo();
    expect(serializeGraph(document.getState().graph)).toBe(before);
  });

  it("counts what it replaced, and what had to stay", () => {
    const graph = graphOf("x", [["memo", "note", { text: "x and x" }]], [], {});
    graph.nodes[0]!.title = "x".repeat(150);
    expect(countReplaced(graph, ask("x"), "yy")).toEqual({ done: 3, kept: 150 });
    expect(countReplaced(graph, ask("x"), "")).toEqual({ done: 152, kept: 1 });
    expect(countReplaced(graph, ask(""), "y")).toEqual({ done: 0, kept: 0 });
    const next = replaceText(ask("x"), "yy").run(graph);
    expect(findText(next, ask("x"))).toHaveLength(150);
  });

  it("keeps the name, and every graph a graph that parses", () => {
    const graph = graphOf("x", [["memo", "note", { text: "x" }]], [], {});
    expect(replaceText(ask("x"), "").run(graph)).toMatchObject({ name: "x", nodes: [{ config: { text: "" } }] });
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, maxLength: 3 }),
        fc.string({ maxLength: 6 }),
        fc.boolean(),
        (text, by, flag) => {
          const next = replaceText(ask(text, { matchCase: flag, wholeWord: !flag }), by).run(withBody());
          expect(parseAgentFile(serializeGraph(next)).issues).toEqual([]);
          expect(next.nodes.map((node) => [node.id, node.type])).toEqual(
            withBody().nodes.map((node) => [node.id, node.type]),
          );
        },
      ),
    );
  });

  it("goes through 5,000 nodes", () => {
    const graph = largeGraph(5000);
    expect(findText(graph, ask("step 4"), Number.POSITIVE_INFINITY).length).toBeGreaterThan(1000);
  });
});

const box = fc.record({
  x: fc.integer({ min: -900, max: 900 }),
  y: fc.integer({ min: -900, max: 900 }),
  width: fc.integer({ min: 10, max: 400 }),
  height: fc.integer({ min: 10, max: 400 }),
});
const boxes = fc
  .array(box, { minLength: 2, maxLength: 8 })
  .map((all) => all.map((one, n): Box => ({ id: `n${n}`, ...one })));
const placed = (all: Box[], places: Record<string, { x: number; y: number }>) =>
  all.map((one) => ({ ...one, ...places[one.id] }));

describe("lining up", () => {
  it("puts every box on one line, within the room they had, and never moves the other axis", () => {
    const lines: Record<Side, (one: Box) => number> = {
      left: (one) => one.x,
      center: (one) => one.x + one.width / 2,
      right: (one) => one.x + one.width,
      top: (one) => one.y,
      middle: (one) => one.y + one.height / 2,
      bottom: (one) => one.y + one.height,
    };
    fc.assert(
      fc.property(boxes, fc.constantFrom(...(Object.keys(lines) as Side[])), (all, side) => {
        const next = placed(all, alignPositions(all, side));
        const [first, ...rest] = next.map(lines[side]);
        for (const one of rest) expect(Math.abs(one - first!)).toBeLessThanOrEqual(1);
        const other = ["left", "center", "right"].includes(side) ? "y" : "x";
        expect(next.map((one) => one[other])).toEqual(all.map((one) => one[other]));
      }),
    );
  });

  it("makes the gaps equal, and leaves two boxes alone", () => {
    const all: Box[] = [0, 130, 700, 1000].map((x, n) => ({ id: `n${n}`, x, y: 0, width: 100, height: 40 }));
    const next = placed(all, distributePositions(all, "x"));
    expect(next.map((one) => one.x)).toEqual([0, 333, 667, 1000]);
    expect(distributePositions(all.slice(0, 2), "x")).toEqual({});
  });

  it("snaps to the nearest side or middle, and to nothing that is far", () => {
    const moved = { x: 103, y: 400, width: 200, height: 80 };
    expect(snap(moved, [{ x: 100, y: 0, width: 90, height: 80 }])).toEqual({
      dx: -3,
      dy: 0,
      guides: { x: { at: 100, from: 0, to: 480 } },
    });
    expect(snap(moved, [{ x: 120, y: 0, width: 90, height: 80 }])).toEqual({ dx: 0, dy: 0, guides: {} });
  });
});

describe("replacing a node by another type", () => {
  it("keeps the id, the title, the edges that fit and the settings that the other type knows; says what goes", () => {
    const graph = smallGraph();
    const node = lookup(graph).node("brief")!;
    const plan = planReplacement(graph, reader, { ...node, title: "Say" }, table.get("llm")!);
    const next = replaceNode(plan).run(graph);
    expect(lookup(next).node("brief")).toMatchObject({ type: "llm", title: "Say" });
    expect(next.edges).toHaveLength(graph.edges.length);
    expect(next.edges.find((edge) => edge.to === "brain.instructions")?.from).toBe("brief.text");
    expect(plan.lost.settings).toEqual(["template"]);
  });

  it("leaves edges between ports that are there, whichever node becomes whichever type", () => {
    const graph = smallGraph();
    for (const node of graph.nodes)
      for (const plan of replacementsFor(graph, reader, node, definitions)) {
        const next = replaceNode(plan).run(graph);
        const drawn = reader.ports(plan.next);
        for (const edge of next.edges) {
          const from = edgeEnd(edge.from);
          const to = edgeEnd(edge.to);
          if (from.node === node.id) expect(drawn.outputs.map((port) => port.id)).toContain(from.port);
          if (to.node === node.id) expect(drawn.inputs.map((port) => port.id)).toContain(to.port);
        }
        expect(next.edges.length + plan.lost.edges.length).toBe(graph.edges.length);
        expect(table.get(plan.next.type)!.config.safeParse(plan.next.config).success).toBe(true);
      }
  });
});

describe("what a file is", () => {
  it.each([
    ["prose", "Dear all,", { is: "not-json" }],
    ["nothing", "", { is: "not-json" }],
    ["half an agent file", serializeGraph(smallGraph()).slice(0, 300), { is: "half" }],
    ["n8n", '{"nodes":[{"type":"n8n-nodes-base.webhook"}],"connections":{}}', { is: "foreign", tool: "n8n" }],
    ["Flowise", '{"nodes":[{"id":"a","data":{"inputAnchors":[]}}],"edges":[]}', { is: "foreign", tool: "Flowise" }],
    ["Langflow", '{"name":"x","data":{"nodes":[],"edges":[]}}', { is: "foreign", tool: "Langflow" }],
    ["Dify", "app:\n  mode: workflow\nworkflow:\n  graph: {}\n", { is: "foreign", tool: "Dify" }],
    ["other JSON", "[1,2]", { is: "other-json" }],
    ["a package.json", '{"name":"x"}', { is: "other-json" }],
    ["a newer format", '{"format":"patchbay/9","nodes":[],"edges":[]}', { is: "newer" }],
  ])("%s", (_what, text, kind) => expect(fileKind(text)).toEqual(kind));

  it("an agent file, whole, with node types that this version does not know", () => {
    const graph = { ...smallGraph(), nodes: [{ id: "x", type: "from-the-future", version: 3, config: {} }], edges: [] };
    expect(fileKind(serializeGraph(graph))).toMatchObject({
      is: "agent",
      graph: { nodes: [{ type: "from-the-future" }] },
    });
  });

  it("a template, with its agent", () => {
    const file = { id: "x", title: { en: "X", zh: "X" }, graph: smallGraph() };
    expect(fileKind(JSON.stringify(file))).toMatchObject({
      is: "agent",
      graph: { name: "Small helper" },
      template: { id: "x" },
    });
    expect(fileKind(JSON.stringify({ ...file, graph: { nodes: 1 } })).is).toBe("bad");
  });

  it("never throws", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(fileKind(text).is).not.toBe("agent");
      }),
    );
  });
});

describe("laws", () => {
  it("copy and paste of any selection gives a graph that parses, with ids and edges once", () => {
    fc.assert(
      fc.property(
        fc.subarray(["ask", "each", "memo"]),
        fc.subarray(smallGraph().nodes.map((node) => node.id)),
        (a, b) => {
          let graph = withBody();
          for (const piece of [
            copyText(withBody(), new Set(a)),
            copyText(smallGraph(), new Set(b)),
            copyText(smallGraph(), new Set(b)),
          ]) {
            const pasted = pasteText(graph, piece, { x: 10, y: 10 });
            if (!("command" in pasted)) throw new Error(pasted.issues[0]?.message);
            graph = pasted.command.run(graph);
          }
          expect(parseAgentFile(serializeGraph(graph)).issues).toEqual([]);
          expect(new Set(graph.nodes.map((node) => node.id)).size).toBe(graph.nodes.length);
          expect(new Set(graph.edges.map(edgeKey)).size).toBe(graph.edges.length);
        },
      ),
      { numRuns: 25 },
    );
  });

  it("no layout, alignment or spacing changes what an agent is", () => {
    const graph = smallGraph();
    const all = graph.nodes.map((node): Box => ({ id: node.id, width: 232, height: 140, ...graph.layout[node.id]! }));
    fc.assert(
      fc.property(
        fc.constantFrom<Side>("left", "center", "right", "top", "middle", "bottom"),
        fc.constantFrom<"x" | "y">("x", "y"),
        fc.subarray(all),
        (side, axis, some) => {
          for (const places of [alignPositions(some, side), distributePositions(some, axis)])
            expect(graphIdentity(setLayout(places).run(graph), table)).toBe(graphIdentity(graph, table));
        },
      ),
    );
  });
});

import { describe, expect, it } from "vitest";
import type { NodeView } from "../../runtime/fold-run.ts";
import { createFlowModel } from "../canvas/flow-model.ts";
import { handles } from "../canvas/handles.ts";
import { smallGraph } from "../e2e/graphs.ts";
import { commandScore } from "../workbench/command-score.ts";
import { presses } from "../workbench/use-shortcuts.ts";
import { elkGraph } from "./auto-layout.ts";
import { cardHeight, freePosition, positionOf } from "./card-size.ts";
import { table } from "./node-types.ts";
import { createPortReader } from "./ports.ts";
import { configPreview, runPreview } from "./preview.ts";

const view = (more: Partial<NodeView>): NodeView => ({
  node: "n",
  status: "done",
  startedAt: 0,
  attempts: 1,
  retrievals: [],
  prompts: [],
  messages: [],
  tools: [],
  inputTokens: 0,
  outputTokens: 0,
  ...more,
});

describe("what a card says", () => {
  it("shows the first passage with its source, the taken branch, a text, and JSON", () => {
    const documents = [
      { id: "1", title: "leave.md", text: "Annual leave\n grows.", score: 0.8234, source: { page: 3 } },
    ];
    expect(runPreview(view({ outputs: { documents } }), undefined)).toEqual({
      is: "parts",
      parts: [{ chip: "leave.md p. 3", kind: "documents" }, { text: "Annual leave grows." }, { quiet: "0.82" }],
    });
    expect(runPreview(view({ outputs: { billing: "Hello" } }), undefined)).toEqual({
      is: "parts",
      parts: [{ chip: "billing", kind: "any" }, { text: "Hello" }],
    });
    expect(runPreview(view({ outputs: { text: "Hi", json: {}, messages: [] } }), undefined)).toEqual({
      is: "parts",
      parts: [{ text: "Hi" }],
    });
    expect(runPreview(view({ outputs: { result: { a: 1 } } }), undefined)).toEqual({
      is: "parts",
      parts: [{ mono: '{"a":1}' }],
    });
  });

  it("streams, thinks, waits and fails in its own words", () => {
    const running = view({ status: "running" });
    expect(runPreview(running, { text: "It is", reasoning: "hm" })).toMatchObject({
      is: "stream",
      text: "It is",
      thinking: false,
    });
    expect(runPreview(running, { text: "", reasoning: "hm" })).toMatchObject({
      is: "stream",
      text: "hm",
      thinking: true,
    });
    expect(runPreview(view({ status: "waiting" }), undefined)).toEqual({ is: "waiting" });
    expect(
      runPreview(view({ status: "failed", error: { code: "tool_failed", message: "No." } }), undefined),
    ).toMatchObject({ is: "failed", retrying: false });
    expect(
      runPreview(view({ status: "running", error: { code: "tool_failed", message: "No." } }), undefined),
    ).toMatchObject({ is: "failed", retrying: true });
  });

  it("shows what a node is set to before anything ran, also when its config does not parse", () => {
    const preview = (type: string, config: Record<string, unknown>) =>
      configPreview(
        { id: "n", type, version: 1, config },
        table.get(type)?.config.parse(config) as Record<string, unknown> | undefined,
      );
    expect(preview("tool", { tools: ["mcp/files/*", "builtin/clock"], approve: { "mcp/files/*": "ask" } })).toEqual({
      is: "parts",
      parts: [{ tool: "mcp/files/*", approve: "ask" }, { tool: "builtin/clock" }],
    });
    expect(preview("retriever", { knowledge: "handbook" })).toEqual({
      is: "parts",
      parts: [{ chip: "handbook", kind: "documents" }],
    });
    expect(preview("retriever", {})).toEqual({ is: "empty" });
    expect(preview("map", { body: smallGraph() })).toEqual({
      is: "parts",
      parts: [{ text: expect.stringContaining(" · ") }],
    });
    expect(preview("loop", { body: { agent: "helper" } })).toEqual({ is: "parts", parts: [{ agent: "helper" }] });
    expect(preview("map", { body: null })).toEqual({ is: "empty" });
    expect(configPreview({ id: "n", type: "http", version: 1, config: { url: 1 } }, undefined)).toEqual({
      is: "empty",
    });
    expect(preview("from-the-future", { a: 1 })).toEqual({ is: "empty" });
  });
});

describe("the canvas's model", () => {
  const reader = createPortReader(table);
  const nothing = { nodes: new Set<string>(), edges: new Set<string>() };

  it("gives back the same objects for what did not change", () => {
    const model = createFlowModel();
    const graph = smallGraph();
    const first = model.sync(graph, reader, nothing);
    const typed = {
      ...graph,
      nodes: graph.nodes.map((node) =>
        node.id === "brief" ? { ...node, config: { template: "{{topic}} and {{more}}" } } : node,
      ),
    };
    const second = model.sync(typed, reader, nothing, first.nodes);
    const changed = second.nodes.filter((node, index) => node !== first.nodes[index]).map((node) => node.id);
    expect(changed).toEqual(["brief"]);
    expect(second.edges.every((edge, index) => edge === first.edges[index])).toBe(true);
    const third = model.sync(
      { ...typed, settings: { ...typed.settings, greeting: "Hi" } },
      reader,
      nothing,
      second.nodes,
    );
    expect(third.nodes.every((node, index) => node === second.nodes[index])).toBe(true);
  });

  it("places every handle inside its card, so that nothing has to be measured", () => {
    const { nodes } = createFlowModel().sync(smallGraph(), reader, nothing);
    for (const node of nodes) {
      if (node.type !== "card") continue;
      expect(node.measured?.height).toBe(cardHeight(node.data.node.type, node.data.ports));
      for (const handle of handles(node.data.ports)) expect(handle.y + 12).toBeLessThan(node.measured!.height!);
    }
  });

  it("hands ports to the layout in their order, and leaves notes and loose edges out", () => {
    const graph = smallGraph();
    const elk = elkGraph(
      {
        ...graph,
        nodes: [...graph.nodes, { id: "memo", type: "note", version: 1, config: {} }],
        edges: [...graph.edges, { from: "ask.message", to: "nobody.in" }],
      },
      reader,
    );
    expect(elk.children?.map((child) => child.id)).toEqual(["ask", "brief", "kit", "brain", "reply"]);
    const ports = new Set(elk.children?.flatMap((child) => child.ports?.map((port) => port.id) ?? []));
    for (const edge of elk.edges ?? [])
      for (const end of [...edge.sources, ...edge.targets]) expect(ports).toContain(end);
  });

  it("puts the nodes of a file without a layout in columns, and leaves the others there when one is moved", () => {
    const graph = { ...smallGraph(), layout: {} };
    const x = (id: string) => positionOf(graph, id).x;
    expect(x("ask")).toBeLessThan(x("brief"));
    expect(x("brief")).toBeLessThan(x("brain"));
    expect(x("brain")).toBeLessThan(x("reply"));
    const places = graph.nodes.map((node) => JSON.stringify(positionOf(graph, node.id)));
    expect(new Set(places).size).toBe(places.length);
    const moved = { ...graph, layout: { ask: { x: 900, y: 900 } } };
    for (const id of ["brief", "kit", "brain", "reply"]) expect(positionOf(moved, id)).toEqual(positionOf(graph, id));
  });

  it("finds a place where a new card covers no other", () => {
    const graph = smallGraph();
    const place = freePosition(graph, { x: 320, y: 40 });
    for (const other of Object.values(graph.layout))
      expect(Math.abs(other.x - place.x) < 232 && Math.abs(other.y - place.y) < 150).toBe(false);
  });
});

describe("keys", () => {
  const key = (name: string, more: Partial<KeyboardEvent> = {}) => ({
    key: name,
    code: "",
    ctrlKey: false,
    metaKey: false,
    shiftKey: false,
    altKey: false,
    ...more,
  });
  it("tells undo from redo, and takes signs as they are typed", () => {
    expect(presses(key("z", { ctrlKey: true }), ["mod", "z"])).toBe(true);
    expect(presses(key("Z", { metaKey: true, shiftKey: true }), ["mod", "z"])).toBe(false);
    expect(presses(key("Z", { metaKey: true, shiftKey: true }), ["mod", "shift", "z"])).toBe(true);
    expect(presses(key("?", { shiftKey: true }), ["?"])).toBe(true);
    expect(presses(key("!", { shiftKey: true, code: "Digit1" }), ["shift", "1"])).toBe(true);
    expect(presses(key("/"), ["mod", "/"])).toBe(false);
  });
});

describe("the search over everything", () => {
  it("takes words that stand in an entry, whole words first, and no strewn letters", () => {
    expect(commandScore("node Language model brain", "brain")).toBe(1);
    expect(commandScore("do Build by conversation", "brain")).toBe(0);
    expect(commandScore("do Build by conversation", "conv")).toBeGreaterThan(commandScore("do Reconvene", "conv"));
    expect(commandScore("add 大模型 llm", "模型")).toBeGreaterThan(0);
    expect(commandScore("do Zoom in", "in zoom")).toBe(1);
  });
});

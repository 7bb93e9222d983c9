import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { serializeGraph } from "../../runtime/graph.ts";
import { smallGraph } from "../e2e/graphs.ts";
import { fileKind } from "./file-kind.ts";

describe("the kind of a file", () => {
  it.each([
    ["prose", "Dear all,", { is: "not-json" }],
    ["an empty text", "", { is: "not-json" }],
    ["half an agent file", serializeGraph(smallGraph()).slice(0, 300), { is: "half" }],
    ["n8n", '{"nodes":[{"type":"n8n-nodes-base.webhook"}],"connections":{}}', { is: "foreign", tool: "n8n" }],
    ["Flowise", '{"nodes":[{"id":"a","data":{"inputAnchors":[]}}],"edges":[]}', { is: "foreign", tool: "Flowise" }],
    ["Langflow", '{"name":"x","data":{"nodes":[],"edges":[]}}', { is: "foreign", tool: "Langflow" }],
    ["Dify", "app:\n  mode: workflow\nworkflow:\n  graph: {}\n", { is: "foreign", tool: "Dify" }],
    ["other JSON", "[1,2]", { is: "other-json" }],
    ["a package.json", '{"name":"x"}', { is: "other-json" }],
    ["a newer format", '{"format":"patchbay/9","nodes":[],"edges":[]}', { is: "newer" }],
  ])("%s", (_what, text, kind) => expect(fileKind(text)).toEqual(kind));

  it("an agent file with node types that this version does not know", () => {
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

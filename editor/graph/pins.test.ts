import { describe, expect, it } from "vitest";
import { Graph, serializeGraph } from "../../runtime/graph.ts";
import { graphIdentity } from "../../runtime/identity.ts";
import { smallGraph } from "../e2e/graphs.ts";
import { table } from "./node-types.ts";
import { pinOf, pinsOf, removePins, setPin } from "./pins.ts";

describe("pins", () => {
  it("are stored in the draft, and are not part of its identity", () => {
    const graph = setPin("brief", { text: "fixed" }).run(smallGraph());
    const read = Graph.parse(JSON.parse(serializeGraph(graph))) as Graph;
    expect(pinsOf(read)).toEqual({ brief: { text: "fixed" } });
    expect(graphIdentity(graph, table)).toBe(graphIdentity(smallGraph(), table));
    expect(pinOf(setPin("brief", undefined).run(graph), "brief")).toBeUndefined();
    expect(serializeGraph(removePins.run(graph))).toBe(serializeGraph(smallGraph()));
  });

  it("ignores invalid pins, and pins of removed nodes", () => {
    for (const value of [3, null, [], "x", { brief: 3 }, { gone: { text: "x" } }])
      expect(pinsOf({ ...smallGraph(), "x-pins": value } as Graph)).toEqual({});
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { serializeGraph } from "../../runtime/graph.ts";
import { parseAgentFile } from "../../runtime/parse.ts";
import { shopGraph, smallGraph } from "../e2e/graphs.ts";
import { copyText, pasteText } from "./fragment.ts";
import { edgeKey } from "./lookup.ts";

describe("copy and paste", () => {
  it("returns, for any selection, a graph that parses, without duplicate ids or edges", () => {
    fc.assert(
      fc.property(
        fc.subarray(["ask", "each", "memo"]),
        fc.subarray(smallGraph().nodes.map((node) => node.id)),
        (a, b) => {
          let graph = shopGraph();
          for (const piece of [
            copyText(shopGraph(), new Set(a)),
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
});

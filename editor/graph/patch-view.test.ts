import { describe, expect, it } from "vitest";
import { checkGraph } from "../../runtime/check.ts";
import type { PatchPart } from "../../runtime/patch.ts";
import { smallGraph } from "../e2e/graphs.ts";
import { table } from "./node-types.ts";
import { newIssues, viewPatch } from "./patch-view.ts";

const none: ReadonlySet<number> = new Set();
const parts: PatchPart[] = [
  { do: "add-node", id: "check", type: "approval", config: { question: "Send it?" } },
  { do: "remove-edge", from: "brain.text", to: "reply.reply" },
  { do: "add-edge", from: "brain.text", to: "check.value" },
  { do: "add-edge", from: "check.approved", to: "reply.reply" },
  { do: "set-config", id: "brief", config: { template: "You answer about {{topic}} in one short paragraph." } },
];

describe("a patch against the current graph", () => {
  it("applies all parts, and compares prompts by words", () => {
    const view = viewPatch(smallGraph(), parts, none, table);
    expect(view.parts.map((part) => part.misfit)).toEqual(parts.map(() => undefined));
    expect(view.fits.size).toBe(5);
    expect(view.parts[4]!.values).toMatchObject([
      {
        path: "/config/template",
        words: [
          { text: "You answer about {{topic}} in one " },
          { text: "short ", change: "added" },
          { text: "paragraph." },
        ],
      },
    ]);
    expect(newIssues(smallGraph(), view.graph, table, {}).filter((issue) => issue.severity === "error")).toEqual([]);
  });

  it("reports the parts that do not fit without a deselected one, and the new issues", () => {
    const graph = smallGraph();
    const view = viewPatch(graph, parts, new Set([0]), table);
    expect(view.parts.map((part) => part.misfit?.code)).toEqual([
      undefined,
      undefined,
      "no-node",
      "no-node",
      undefined,
    ]);
    expect([...view.fits]).toEqual([1, 4]);
    expect(newIssues(graph, view.graph, table, {}).map((issue) => issue.code)).toContain("missing-edge");
    expect(checkGraph(graph, table).map((issue) => issue.code)).not.toContain("missing-edge");
  });

  it("reports the parts that do not fit after other changes of the graph", () => {
    const graph = smallGraph();
    const changed = { ...graph, nodes: graph.nodes.filter((node) => node.id !== "brief"), edges: [] };
    const view = viewPatch(changed, parts, none, table);
    expect(view.parts.map((part) => part.misfit?.code)).toEqual([
      undefined,
      "no-edge",
      undefined,
      undefined,
      "no-node",
    ]);
    expect(view.parts[4]!.values).toMatchObject([{ path: "/config/template" }]);
  });

  it("changes nothing when no part is selected", () => {
    const graph = smallGraph();
    const view = viewPatch(graph, parts, new Set(parts.keys()), table);
    expect(view.graph).toBe(graph);
    expect(newIssues(graph, view.graph, table, {})).toEqual([]);
  });
});

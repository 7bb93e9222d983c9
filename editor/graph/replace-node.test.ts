import { describe, expect, it } from "vitest";
import { edgeEnd } from "../../runtime/graph.ts";
import { graphOf, smallGraph } from "../e2e/graphs.ts";
import { setConfig } from "./commands.ts";
import { lookup } from "./lookup.ts";
import { definitions, table } from "./node-types.ts";
import { createPortReader } from "./ports.ts";
import { planReplacement, replacementsFor, replaceNode, settlePorts } from "./replace-node.ts";

const reader = createPortReader(table);

describe("replacing a node by another type", () => {
  it("keeps the id, the title, the edges that fit and the settings that the other type has; lists what is lost", () => {
    const graph = smallGraph();
    const node = lookup(graph).node("brief")!;
    const plan = planReplacement(graph, reader, { ...node, title: "Say" }, table.get("llm")!);
    const next = replaceNode(plan).run(graph);
    expect(lookup(next).node("brief")).toMatchObject({ type: "llm", title: "Say" });
    expect(next.edges).toHaveLength(graph.edges.length);
    expect(next.edges.find((edge) => edge.to === "brain.instructions")?.from).toBe("brief.text");
    expect(plan.lost.settings).toEqual(["template"]);
  });

  it("goes on from the main output: the body of a response, not its status", () => {
    for (const from of ["text", "json"]) {
      const graph = smallGraph();
      graph.edges = graph.edges.map((edge) => (edge.from === "brain.text" ? { ...edge, from: `brain.${from}` } : edge));
      const plan = planReplacement(graph, reader, lookup(graph).node("brain")!, table.get("http")!);
      const outgoing = replaceNode(plan)
        .run(graph)
        .edges.filter((edge) => edgeEnd(edge.from).node === "brain");
      expect(outgoing.map((edge) => edge.from)).toEqual(["brain.body"]);
    }
  });

  it("leaves only edges between existing ports, for every node and every type", () => {
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

describe("choosing the tool of a node that was connected before", () => {
  const weather = {
    name: "http/weather",
    summary: "Weather",
    effect: "read",
    parameters: {
      type: "object",
      properties: { unit: { type: "string" }, city: { type: "string" }, days: { type: "array" } },
      required: ["city"],
    },
  } as const;
  const known = createPortReader(table, { tool: (name) => (name === weather.name ? (weather as never) : undefined) });
  const open = graphOf(
    "open",
    [
      ["ask", "input", {}],
      ["kit", "tool", {}],
      ["act", "action", {}],
      ["reply", "output", {}],
    ],
    ["ask.message > act.message", "kit.tools > act.others", "act.result > reply.reply"],
    {},
  );
  const choose = settlePorts(setConfig("act", "tool", weather.name), known, "act");

  it("moves its edges to arguments that fit, required ones first, and keeps those that fit nowhere", () => {
    expect(choose.run(open).edges).toEqual([
      { from: "ask.message", to: "act.city" },
      { from: "kit.tools", to: "act.others" },
      { from: "act.result", to: "reply.reply" },
    ]);
  });

  it("changes no edge when the ports were known before", () => {
    const chosen = choose.run(open);
    const again = settlePorts(setConfig("act", "arguments", { unit: "C" }), known, "act").run(chosen);
    expect(again.edges).toBe(chosen.edges);
  });
});

/** Graphs for tests. */
import { emptyGraph, type Graph, type GraphEdge, type GraphNode } from "../../runtime/graph.ts";

/** A graph with every step from a message to a reply. */
export function smallGraph(change: Partial<Graph> = {}): Graph {
  return graphOf(
    "Small helper",
    [
      ["ask", "input", {}],
      ["brief", "prompt", { template: "You answer about {{topic}} in one paragraph." }],
      ["kit", "tool", { tools: ["builtin/calculator", "builtin/clock"] }],
      ["brain", "llm", {}],
      ["reply", "output", {}],
    ],
    [
      "ask.message > brief.topic",
      "brief.text > brain.instructions",
      "kit.tools > brain.tools",
      "ask.message > brain.message",
      "brain.text > reply.reply",
    ],
    { ask: [0, 120], brief: [320, 40], kit: [320, 260], brain: [660, 110], reply: [980, 130] },
    change,
  );
}

/** A graph from short lines: `[id, type, config]`, `"a.x > b.y"`, `{ id: [x, y] }`. */
export function graphOf(
  name: string,
  nodes: [string, string, object][],
  edges: string[],
  places: Record<string, [number, number]>,
  change: Partial<Graph> = {},
): Graph {
  return {
    ...emptyGraph(name),
    nodes: nodes.map(([id, type, config]): GraphNode => ({ id, type, version: 1, config })),
    edges: edges.map((line): GraphEdge => {
      const [from = "", to = ""] = line.split(" > ");
      return { from, to };
    }),
    layout: Object.fromEntries(Object.entries(places).map(([id, [x, y]]) => [id, { x, y }])),
    ...change,
  };
}

/** A graph of `count` nodes in rows, connected along each row. */
export function largeGraph(count: number): Graph {
  const nodes: GraphNode[] = [{ id: "ask", type: "input", version: 1, config: {} }];
  const edges: GraphEdge[] = [];
  const layout: Graph["layout"] = { ask: { x: -320, y: 0 } };
  for (let n = 0; n < count - 2; n++) {
    const id = `p-${n}`;
    nodes.push({ id, type: "prompt", version: 1, config: { template: `Step ${n} of {{value}}` } });
    edges.push({ from: n % 20 === 0 ? "ask.message" : `p-${n - 1}.text`, to: `${id}.value` });
    layout[id] = { x: (n % 20) * 300, y: Math.floor(n / 20) * 190 };
  }
  nodes.push({ id: "reply", type: "output", version: 1, config: {} });
  edges.push({ from: `p-${Math.min(19, count - 3)}.text`, to: "reply.reply" });
  layout.reply = { x: 20 * 300, y: 0 };
  return { ...emptyGraph(`Graph of ${count}`), nodes, edges, layout };
}

/** A container and texts of every kind that a person writes. */
export const shopGraph = (): Graph =>
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

/** Two branches that meet: `a` and `b` read the message, `both` joins them. */
export const forkedGraph = (): Graph =>
  graphOf(
    "Two ways",
    [
      ["ask", "input", {}],
      ["a", "prompt", { template: "A {{x}}" }],
      ["b", "prompt", { template: "B {{x}}" }],
      ["both", "prompt", { template: "{{x}} and {{y}}" }],
      ["end", "prompt", { template: "{{x}}." }],
      ["reply", "output", {}],
    ],
    [
      "ask.message > a.x",
      "ask.message > b.x",
      "a.text > both.x",
      "b.text > both.y",
      "both.text > end.x",
      "end.text > reply.reply",
    ],
    {},
  );

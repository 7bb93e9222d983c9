/** The graph of both pages: rows of twenty nodes, all connected to the output; one model node in the first row. */
import { emptyGraph, type Graph, type GraphEdge, type GraphNode } from "../../runtime/graph.ts";

const ROW = 20;

/** `count` nodes in all. `p-1` is the model. */
export function benchGraph(count: number): Graph {
  const nodes: GraphNode[] = [{ id: "ask", type: "input", version: 1, config: {} }];
  const edges: GraphEdge[] = [];
  const layout: Graph["layout"] = { ask: { x: -320, y: 0 } };
  const steps = count - 3;
  const ends: string[] = [];
  for (let n = 0; n < steps; n++) {
    const id = `p-${n}`;
    const model = n === 1;
    nodes.push(
      model
        ? { id, type: "llm", version: 1, config: {} }
        : { id, type: "prompt", version: 1, config: { template: `Step ${n} of {{value}}` } },
    );
    edges.push({
      from: n % ROW === 0 ? "ask.message" : `p-${n - 1}.text`,
      to: `${id}.${model ? "message" : "value"}`,
    });
    layout[id] = { x: (n % ROW) * 300, y: Math.floor(n / ROW) * 230 + (n < ROW ? 0 : 70) };
    if (n % ROW === ROW - 1 || n === steps - 1) ends.push(id);
  }
  nodes.push(
    {
      id: "all",
      type: "prompt",
      version: 1,
      config: { template: ends.map((_end, row) => `{{row${row}}}`).join("\n") },
    },
    { id: "reply", type: "output", version: 1, config: {} },
  );
  for (const [row, end] of ends.entries()) edges.push({ from: `${end}.text`, to: `all.row${row}` });
  edges.push({ from: "all.text", to: "reply.reply" });
  layout.all = { x: (ROW + 1) * 300, y: 0 };
  layout.reply = { x: (ROW + 2) * 300, y: 0 };
  return { ...emptyGraph(`Graph of ${count}`), nodes, edges, layout };
}

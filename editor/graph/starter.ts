import { emptyGraph, type Graph } from "../../runtime/graph.ts";

/** A new agent: an input, a model and an output. It can run. */
export function starter(name: string): Graph {
  return {
    ...emptyGraph("-"),
    name,
    nodes: [
      { id: "ask", type: "input", version: 1, config: {} },
      { id: "brain", type: "llm", version: 1, config: {} },
      { id: "reply", type: "output", version: 1, config: {} },
    ],
    edges: [
      { from: "ask.message", to: "brain.message" },
      { from: "brain.text", to: "reply.reply" },
    ],
    layout: { ask: { x: 0, y: 0 }, brain: { x: 320, y: 0 }, reply: { x: 660, y: 0 } },
  };
}

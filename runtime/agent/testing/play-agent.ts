/** Small graphs around one `llm` node, and the way they are played. */
import { expect } from "vitest";
import { nodes } from "../../../nodes/index.ts";
import type { RunInput } from "../../event.ts";
import type { Graph } from "../../graph.ts";
import { graphOf, play } from "../../testing/play.ts";
import type { Script } from "../../testing/scripted-host.ts";

export type ScriptTool = NonNullable<Script["tools"]>[number];

export const tool = (name: string, call: ScriptTool["call"], more: Partial<ScriptTool> = {}): ScriptTool => ({
  name,
  summary: `Does ${name}`,
  parameters: { type: "object", properties: { x: { type: "number" } }, required: ["x"], additionalProperties: false },
  effect: "read",
  call,
  ...more,
});
export const double = tool("builtin/double", (args) => String((args as { x: number }).x * 2));

export function agent(
  config: object = {},
  tools: string[] = ["builtin/*"],
  settings: Partial<Graph["settings"]> = {},
  approve: object = {},
): Graph {
  return graphOf(
    { ask: "input", kit: ["tool", { tools, approve }], brain: ["llm", config], reply: "output" },
    ["ask.message brain.message", "kit.tools brain.tools", "brain.text reply.reply"],
    settings,
  );
}
export const plain = (config: object = {}, settings: Partial<Graph["settings"]> = {}) =>
  graphOf(
    { ask: "input", brain: ["llm", config], reply: "output" },
    ["ask.message brain.message", "brain.text reply.reply"],
    settings,
  );
export const call = (x: unknown, id?: string) => ({
  name: "double",
  arguments: { x },
  ...(id === undefined ? {} : { id }),
});
export const run = (
  graph: Graph,
  answers: Script["answers"],
  script: Script = {},
  input: string | Partial<RunInput> = "Go",
) => play(graph, nodes, { tools: [double], answers, ...script }, { input });
export const error = (code: string) => ({ status: "failed", error: expect.objectContaining({ code }) });

/** Answers a message: the brain of an agent. With tools wired it works in steps, until it has an answer. */
import { z } from "zod";
import { type AgentInputs, runAgentLoop } from "../runtime/agent/loop.ts";
import { schemaProblem } from "../runtime/agent/schema.ts";
import { Budget } from "../runtime/graph.ts";
import { ActionFormat } from "../runtime/model.ts";
import { defineNode } from "../runtime/node.ts";

const config = z.strictObject({
  model: z.string().min(1).default("default"),
  maxSteps: z.number().int().min(1).max(100).default(10),
  budget: Budget.default({}),
  examples: z
    .array(z.strictObject({ user: z.string(), assistant: z.string() }))
    .max(50)
    .default([]),
  schema: z.record(z.string(), z.unknown()).nullable().default(null),
  temperature: z.number().min(0).max(2).nullable().default(null),
  toolLimit: z.number().int().min(1).max(128).default(12),
  format: z.enum(["auto", ...ActionFormat.options]).default("auto"),
});
type Config = z.infer<typeof config>;

export const llm = defineNode<Config>({
  type: "llm",
  version: 1,
  title: "Language model",
  summary: "Answers, with the tools and documents wired to it",
  group: "think",
  icon: "brain",
  config: config as unknown as z.ZodType<Config>,
  ports: () => ({
    inputs: [
      { id: "message", kind: "text", label: "Message" },
      { id: "instructions", kind: "text", label: "Instructions", optional: true },
      { id: "documents", kind: "documents", label: "Documents", many: true, optional: true },
      { id: "history", kind: "messages", label: "History", optional: true },
      { id: "files", kind: "files", label: "Files", optional: true },
      { id: "tools", kind: "tools", label: "Tools", many: true, optional: true },
    ],
    outputs: [
      { id: "text", kind: "text", label: "Text" },
      { id: "json", kind: "json", label: "JSON" },
      { id: "messages", kind: "messages", label: "Messages" },
    ],
  }),
  form: {
    model: { widget: "model", help: 'Which model answers. "default" is the one chosen in the settings.' },
    temperature: {
      widget: "slider",
      help: "Low: much the same answer each time. High: more varied. Empty: the model's own.",
      min: 0,
      max: 2,
      step: 0.1,
    },
    schema: {
      widget: "schema",
      label: "Shape of the answer",
      help: "The answer becomes JSON of this shape, on the JSON output. Empty: plain text.",
      advanced: true,
    },
    examples: {
      widget: "examples",
      help: "Questions with the answers you would like; the model follows them.",
      advanced: true,
    },
    maxSteps: {
      widget: "number",
      label: "Steps at most",
      help: "How often it may think and call tools before it must have an answer.",
      min: 1,
      max: 100,
      step: 1,
    },
    toolLimit: {
      widget: "number",
      help: "With more tools than this, the best for each question are searched for.",
      advanced: true,
      min: 1,
      max: 128,
      step: 1,
    },
    budget: {
      widget: "budget",
      help: "What this node may spend in one run. Empty: what the agent may.",
      advanced: true,
    },
    format: {
      widget: "select",
      help: "How tool calls are written. Auto takes what the model's profile says.",
      advanced: true,
    },
  },
  check(own) {
    const problem = own.schema && schemaProblem(own.schema);
    return problem
      ? [
          {
            severity: "error",
            code: "bad-config",
            message: `The schema of the answer cannot be used: ${problem}.`,
            path: "/schema",
            mend: "Correct the JSON Schema, or leave it empty.",
          },
        ]
      : [];
  },
  needs: (own) => ({ models: [own.model] }),
  run: (step) => runAgentLoop(step, step.inputs as unknown as AgentInputs, step.config),
});

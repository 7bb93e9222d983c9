/** Answers a message: the brain of an agent. With tools wired it works in steps, until it has an answer. */
import { z } from "zod";
import { type AgentInputs, runAgentLoop } from "../runtime/agent/loop.ts";
import { Budget } from "../runtime/graph.ts";
import { schemaProblem } from "../runtime/json-schema.ts";
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
  summary: "Replies with the connected tools and documents",
  group: "think",
  icon: "brain",
  defaultId: "brain",
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
    model: { widget: "model", help: 'The model that replies. "default" is the model chosen in the settings.' },
    temperature: {
      widget: "slider",
      help: "Low values give similar replies each time, high values more varied ones. Empty: the model's default.",
      min: 0,
      max: 2,
      step: 0.1,
    },
    schema: {
      widget: "schema",
      label: "Reply schema",
      help: "The reply is JSON that follows this schema, on the JSON output. Empty: plain text.",
      advanced: true,
    },
    examples: {
      widget: "examples",
      help: "Questions and the replies you want. The model follows them.",
      advanced: true,
    },
    maxSteps: {
      widget: "number",
      label: "Max steps",
      help: "How many times the model may call tools before it must reply.",
      min: 1,
      max: 100,
      step: 1,
    },
    toolLimit: {
      widget: "number",
      help: "With more tools than this, each question is offered the best matches.",
      advanced: true,
      min: 1,
      max: 128,
      step: 1,
    },
    budget: {
      widget: "budget",
      help: "Limits for this node in one run. Empty: the agent's limits.",
      advanced: true,
    },
    format: {
      widget: "select",
      label: "Tool call format",
      help: "How the model writes tool calls. Auto uses the model's profile.",
      advanced: true,
    },
  },
  preview: ({ model }) => [{ mono: model }],
  previewLines: 3,
  certainOutputs: "all",
  sessionInput: "history",
  toolLimit: ({ toolLimit }) => toolLimit,
  words: {
    zh: {
      title: "大模型",
      summary: "结合工具和文档生成回复",
      fields: {
        model: { label: "模型", help: "用哪个模型回复。“默认”是设置中选定的模型。" },
        temperature: { label: "温度", help: "值越低，每次的回复越相似；值越高，变化越多。留空：使用模型的默认值。" },
        schema: { label: "回复的结构", help: "回复为符合此结构的 JSON，从 JSON 端口输出。留空：普通文本。" },
        examples: { label: "示例", help: "问题和期望的回复，模型会参照。" },
        maxSteps: { label: "最大步数", help: "模型在回复之前最多可以调用多少次工具。" },
        toolLimit: { label: "工具数量上限", help: "工具超过此数量时，按每个问题选出最相关的几个。" },
        budget: { label: "预算", help: "此节点一次运行的上限。留空：使用智能体的上限。" },
        format: { label: "工具调用格式", help: "模型如何书写工具调用。“自动”按模型资料确定。" },
      },
      ports: {
        message: "消息",
        instructions: "指令",
        documents: "文档",
        history: "历史",
        files: "文件",
        tools: "工具",
        text: "文本",
        json: "JSON",
        messages: "消息记录",
      },
      options: { auto: "自动", native: "原生", hermes: "Hermes", react: "ReAct", modelscope: "ModelScope" },
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
            fix: "Correct the JSON Schema, or leave it empty.",
          },
        ]
      : [];
  },
  needs: (own) => ({ models: [own.model] }),
  run: (step) => runAgentLoop(step, step.inputs as unknown as AgentInputs, step.config),
});
